// Opens `.m` model files: header and directory, checked against the file's size. Reads no tensor, however large.

import type { ByteSource } from './byte-source.ts';
import { guessFileKind, KIND_ADVICE } from './file-kind.ts';
import type { ModelHeader } from './header.ts';
import { readPairs } from './header-pairs.ts';
import { headerFromPairs, M_KEY_MEANINGS } from './m-header.ts';
import type { Model } from './model.ts';
import { FileTooLongError, FileTooShortError, OldFormatError, WrongFormatError } from './model-errors.ts';
import { tensorBytes, tensorList, totalTensorBytes } from './tensor-list.ts';
import type { TensorDirectory, TensorEntry } from './tensors.ts';

/** Opens a `.m` file. The model reads from `source` later on, which the caller closes. */
export async function readModel(source: ByteSource): Promise<Model> {
  const kind = await guessFileKind(source);
  if (kind !== 'm') {
    const Problem = kind === 'old-m' ? OldFormatError : WrongFormatError;
    throw new Problem(`Cannot read ${source.name} as a .m model: ${KIND_ADVICE[kind]}`);
  }
  const { values, end: dataStart } = await readPairs(source, M_KEY_MEANINGS);
  const header = headerFromPairs(values, source.name);

  const difference = source.size - (dataStart + totalTensorBytes(header));
  if (difference < 0) throw new FileTooShortError(source.name, firstMissing(source, header, dataStart), -difference);
  if (difference > 0) throw new FileTooLongError(source.name, difference);
  return { header, tensors: directory(header, dataStart), source };
}

/** Called only once the sizes agree, so the file's size bounds the number of entries. */
function directory(header: ModelHeader, dataStart: number): TensorDirectory {
  const entries = new Map<string, TensorEntry>();
  let offset = dataStart;
  for (const shape of tensorList(header)) {
    const size = tensorBytes(shape);
    entries.set(shape.name, { ...shape, offset, size });
    offset += size;
  }
  return entries;
}

function firstMissing(source: ByteSource, header: ModelHeader, dataStart: number): string {
  let offset = dataStart;
  for (const shape of tensorList(header)) {
    offset += tensorBytes(shape);
    if (offset > source.size) return `tensor ${shape.name}`;
  }
  return 'the tensors';
}

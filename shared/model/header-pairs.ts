// The (key, value) pairs of i32 that both `.m` and `.t` files begin with, after a magic number and the header's size.
// Knows which keys exist and that none comes twice, not what they mean.

import type { Bytes } from '../units.ts';
import type { ByteSource } from './byte-source.ts';
import { BadHeaderError, DuplicateHeaderKeyError, FileTooShortError, UnknownHeaderKeyError } from './model-errors.ts';

/** Magic number and header size, both i32. */
export const PREFIX_BYTES = 8;
// Unknown and repeated keys are refused, so real headers have at most 22 pairs; some more are read to name the culprit.
const MAX_PAIRS = 256;

export interface HeaderPairs {
  readonly values: ReadonlyMap<number, number>;
  /** Where the header ends and the data begins. */
  readonly end: Bytes;
}

/** Reads the pairs of a file whose magic was already recognised. `meanings` has every known key. */
export async function readPairs(source: ByteSource, meanings: ReadonlyMap<number, string>): Promise<HeaderPairs> {
  const prefix = await readBytes(source, 0, PREFIX_BYTES, 'the header');
  const end = viewOf(prefix).getInt32(4, true);
  if (end < PREFIX_BYTES || (end - PREFIX_BYTES) % 8 !== 0) {
    throw new BadHeaderError(source.name, `its size is ${end} bytes, which is not 8 and whole pairs of 8`);
  }
  const count = (end - PREFIX_BYTES) / 8;
  if (count > MAX_PAIRS) throw new BadHeaderError(source.name, `its size of ${end} bytes is absurd`);

  const view = viewOf(await readBytes(source, PREFIX_BYTES, count * 8, 'the header'));
  const values = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const key = view.getInt32(8 * i, true);
    const meaning = meanings.get(key);
    if (meaning === undefined) throw new UnknownHeaderKeyError(source.name, key);
    if (values.has(key)) throw new DuplicateHeaderKeyError(source.name, key, meaning);
    values.set(key, view.getInt32(8 * i + 4, true));
  }
  return { values, end };
}

/** Reads a range, after checking that the file has it: nothing is allocated for bytes that are not there. */
export async function readBytes(
  source: ByteSource,
  offset: Bytes,
  length: Bytes,
  part: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (offset + length > source.size) throw new FileTooShortError(source.name, part, offset + length - source.size);
  const bytes = new Uint8Array(length);
  await source.readInto(offset, bytes);
  return bytes;
}

export function pairsBytes(magic: number, pairs: readonly (readonly [key: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES + 8 * pairs.length);
  const view = viewOf(bytes);
  view.setInt32(0, magic, true);
  view.setInt32(4, bytes.length, true);
  pairs.forEach(([key, value], i) => {
    view.setInt32(PREFIX_BYTES + 8 * i, key, true);
    view.setInt32(PREFIX_BYTES + 8 * i + 4, value, true);
  });
  return bytes;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

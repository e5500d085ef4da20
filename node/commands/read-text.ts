// The text that a command works on: given on the command line or in a file.

import { ShoalError } from '../../shared/errors.ts';
import { grouped } from '../../shared/model/model-errors.ts';
import type { Surroundings } from './command.ts';
import type { OptionValues } from './options.ts';
import { ConflictingOptionsError, MissingArgumentError } from './usage-errors.ts';

/** Far above any context, and any text that perplexity is measured with; to find its tokens takes a hundred times as much. */
const MAX_BYTES = 4 * 2 ** 20;

class TextTooLargeError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, bytes: number) {
    super(
      `Cannot use ${path} as a text: it has ${grouped(bytes)} bytes, more than the ${grouped(MAX_BYTES)} that a text may have; give a part of it`,
    );
  }
}

/** UTF-8, or whatever the file holds: tokenizers take bytes. */
export async function readText(
  command: string,
  { prompt, file }: Pick<OptionValues, 'prompt' | 'file'>,
  { openFile }: Surroundings,
): Promise<Uint8Array> {
  if (prompt !== undefined && file !== undefined) throw new ConflictingOptionsError('prompt', 'file');
  if (prompt !== undefined) return new TextEncoder().encode(prompt);
  if (file === undefined) throw new MissingArgumentError(command, 'a text', '--prompt TEXT or --file FILE');
  const source = await openFile(file);
  try {
    if (source.size > MAX_BYTES) throw new TextTooLargeError(file, source.size);
    const bytes = new Uint8Array(source.size);
    await source.readInto(0, bytes);
    return bytes;
  } finally {
    await source.close();
  }
}

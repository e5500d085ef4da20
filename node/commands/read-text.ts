// The text that a command works on: given on the command line or in a file.

import type { Surroundings } from './command.ts';
import type { OptionValues } from './options.ts';
import { ConflictingOptionsError, MissingArgumentError } from './usage-errors.ts';

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
    const bytes = new Uint8Array(source.size);
    await source.readInto(0, bytes);
    return bytes;
  } finally {
    await source.close();
  }
}

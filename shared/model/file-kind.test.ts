import { expect, test } from 'vitest';
import { bytesSource } from './bytes-source.ts';
import { guessFileKind } from './file-kind.ts';
import { readModel } from './m-file.ts';
import { OldFormatError, WrongFormatError } from './model-errors.ts';
import { readVocabulary } from './t-file.ts';

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['m', '\xcd\xab\x00\x0a'],
  ['old-m', '\x00\xcd\xab\x00'],
  ['old-m', '\x01\xcd\xab\x00'],
  ['t', '\x24\x71\x56\x00'],
  ['old-t', '\x23\x71\x56\x00'],
  ['gguf', 'GGUF\x03\0\0\0'],
  ['safetensors', '\xb8\x6e\0\0\0\0\0\0{"__metadata__":{"format":"pt"}'],
  ['zip', 'PK\x03\x04\0\0'],
  ['gzip', '\x1f\x8b\x08'],
  ['html', '\n<!DOCTYPE html><title>Sign in</title>'],
  ['html', '<html lang="en">'],
  ['json', '{"error": "Access to this model is restricted"}'],
  ['json', '{\n  "architectures": ["LlamaForCausalLM"]'],
  ['lfs-pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a'],
  ['empty', ''],
  ['unknown', 'm'],
  ['unknown', 'Once upon a time'],
])('%s', async (kind, start) => {
  const source = bytesSource('thing', latin1(start));
  expect(await guessFileKind(source)).toBe(kind);
  if (kind !== 'm') {
    const error = await readModel(source).catch((reason) => reason);
    expect(error).toBeInstanceOf(kind === 'old-m' ? OldFormatError : WrongFormatError);
    expect(error.message).toMatch(/^Cannot read thing as a \.m model: it.*; .*[^.]$/);
  }
  if (kind !== 't' && kind !== 'old-t') await expect(readVocabulary(source)).rejects.toThrow(WrongFormatError);
});

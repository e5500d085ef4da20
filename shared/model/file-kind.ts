// What kind of file this is, told by its first bytes, so that a wrong file is answered with what it is.

import type { ByteSource } from './byte-source.ts';
import { readBytes, viewOf } from './header-pairs.ts';

export type FileKind =
  | 'm'
  | 'old-m'
  | 't'
  | 'old-t'
  | 'gguf'
  | 'safetensors'
  | 'zip'
  | 'gzip'
  | 'html'
  | 'json'
  | 'lfs-pointer'
  | 'empty'
  | 'unknown';

const PROBE_BYTES = 64;

/** A guess from the first 64 bytes; it promises nothing about the rest. */
export async function guessFileKind(source: ByteSource): Promise<FileKind> {
  if (source.size === 0) return 'empty';
  const bytes = await readBytes(source, 0, Math.min(PROBE_BYTES, source.size), 'the first bytes');
  return guessKind(bytes);
}

function guessKind(bytes: Uint8Array): FileKind {
  const word = bytes.length >= 4 ? viewOf(bytes).getUint32(0, true) : 0;
  if (word === 0x0a00abcd) return 'm';
  if (word === 0xabcd00 || word === 0xabcd01) return 'old-m';
  if (word === 0x567124) return 't';
  if (word === 0x567123) return 'old-t';

  const text = String.fromCharCode(...bytes);
  if (text.startsWith('GGUF')) return 'gguf';
  if (text.startsWith('PK\x03\x04')) return 'zip';
  if (text.startsWith('\x1f\x8b')) return 'gzip';
  if (text.startsWith('version https://git-lfs')) return 'lfs-pointer';
  // Safetensors: the JSON header's length as u64, then its opening brace.
  if (text.startsWith('\0\0\0{"', 5)) return 'safetensors';
  if (/^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head)/i.test(text)) return 'html';
  if (/^(\xef\xbb\xbf)?\s*[{[]\s*["{[\]}]/.test(text)) return 'json';
  return 'unknown';
}

/** The end of the sentence "Cannot read it as a model: …", with the remedy. */
export const KIND_ADVICE: Record<FileKind, string> = {
  m: 'it is a .m model; give it where a model is wanted',
  'old-m': 'it is a .m model of the format before 2024, which says too little; convert the model again',
  t: 'it is a .t tokenizer; give it where a tokenizer is wanted',
  'old-t': 'it is a .t tokenizer; give it where a tokenizer is wanted',
  gguf: 'it is a GGUF file; convert it first',
  safetensors: 'it is a safetensors file; convert it first',
  zip: 'it is a ZIP archive or a PyTorch checkpoint; unpack or convert it first',
  gzip: 'it is compressed; gunzip it first',
  html: 'it is a web page, perhaps an error or a login page saved in its place; download it again',
  json: 'it is JSON, perhaps a configuration file or an error message; download the right file',
  'lfs-pointer': 'it is a Git LFS pointer, not the file itself; run git lfs pull or download it again',
  empty: 'it is empty; download it again',
  unknown: 'its first bytes are of no known format; check that it is the right file or download it again',
};

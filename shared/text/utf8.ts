// Text, bytes and the form between them that the tokenizer works on: a *byte string*, a JavaScript string whose units are
// bytes (0–255), cheap to slice, to hash and to compare. Knows UTF-8 and nothing of tokens.
//
// Bytes that are not UTF-8 travel through strings as the lone surrogates U+DC80 to U+DCFF ("surrogateescape"): a regular
// expression sees them as odd symbols, and they come out as the bytes they were. Real text never holds lone surrogates,
// because `toWellFormed` has replaced them first.

const ESCAPE = 0xdc00;

/** The platform's streaming decoder: the WHATWG standard decides what becomes U+FFFD. Exists in every runtime. */
export interface Utf8Decoder {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}

declare const TextDecoder: new (label: string, options: { ignoreBOM: boolean }) => Utf8Decoder;

/** A decoder that keeps a leading U+FEFF, which is text like any other here. */
export const createUtf8Decoder = (): Utf8Decoder => new TextDecoder('utf-8', { ignoreBOM: true });

export const decodeUtf8 = (bytes: Uint8Array): string => createUtf8Decoder().decode(bytes);

/** The byte string of some bytes. */
export function byteStringOfBytes(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at++) out += String.fromCharCode(bytes[at]!);
  return out;
}

/** The byte string of a text in UTF-8; escaped bytes become themselves. */
export function byteStringOfText(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text;
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) out += character;
    else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), tail(code));
    else if (code >= ESCAPE && code < ESCAPE + 0x100) out += String.fromCharCode(code - ESCAPE);
    else if (code < 0x10000) out += String.fromCharCode(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else out += String.fromCharCode(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return out;
}

const tail = (code: number): number => 0x80 | (code & 0x3f);

/** The text of some bytes, those that are not UTF-8 escaped. */
export function textOfBytes(bytes: Uint8Array): string {
  const source = byteStringOfBytes(bytes);
  let out = '';
  for (let at = 0; at < source.length; ) {
    const length = characterLength(source, at);
    out += length === 0 ? String.fromCharCode(ESCAPE + source.charCodeAt(at)) : characterAt(source, at, length);
    at += length || 1;
  }
  return out;
}

function characterAt(bytes: string, at: number, length: number): string {
  if (length === 1) return bytes[at]!;
  let code = bytes.charCodeAt(at) & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes.charCodeAt(at + i) & 0x3f);
  return String.fromCodePoint(code);
}

/** How many bytes the character at `at` takes; 0 if none well formed begins there (the Unicode standard's table 3-7). */
export function characterLength(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return 0;
  // The second byte's range rules out overlong forms, surrogates and what lies past U+10FFFF.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const second = bytes.charCodeAt(at + 1);
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((bytes.charCodeAt(at + i) & 0xc0) !== 0x80) return 0;
  return length;
}

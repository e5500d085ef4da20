// What a node says of itself when it meets another: a few names and numbers, as JSON. Checked for form here, since it
// comes from outside; what they mean is for the cluster to know.

import type { Bytes } from '../units.ts';
import { BadHelloError } from './handshake-errors.ts';

/** Name, role, listening port, epoch and the like. */
export type Hello = Readonly<Record<string, string | number>>;

export const HELLO_BYTES: Bytes = 2048;

/** Every runtime has the two classes, but the language's own library does not declare them. */
declare const TextDecoder: new (
  label: string,
  options: { readonly fatal: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };

export function writeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(JSON.stringify(hello));
  if (bytes.length > HELLO_BYTES) throw new RangeError(`a hello has at most ${HELLO_BYTES} bytes, not ${bytes.length}`);
  return bytes;
}

export function readHello(peer: string, bytes: Uint8Array): Hello {
  if (bytes.length > HELLO_BYTES) throw new BadHelloError(peer, `more than ${HELLO_BYTES} bytes`);
  const hello = parse(peer, bytes);
  if (typeof hello !== 'object' || hello === null || Array.isArray(hello)) {
    throw new BadHelloError(peer, 'something other than an object');
  }
  for (const [name, value] of Object.entries(hello)) {
    if (typeof value !== 'string' && !Number.isFinite(value)) {
      throw new BadHelloError(peer, 'a value that is neither text nor number');
    }
    // They would reach logs and terminals, which obey some of them.
    if (/\p{Cc}/u.test(`${name}${value}`)) throw new BadHelloError(peer, 'control characters');
  }
  return hello as Hello;
}

function parse(peer: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BadHelloError(peer, 'something other than JSON');
  }
}

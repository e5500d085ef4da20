// How two nodes come together: over a fresh link each proves that it has the cluster key, before either believes or keeps
// anything of the other. It knows neither what carries the link nor what the hellos mean.
//
//   both       opening: "Shoal", protocol version (u16), nonce (32 bytes)
//   dialler    HMAC-SHA-256(key, "dial", both openings, hello) and its hello
//   acceptor   HMAC-SHA-256(key, "accept", both openings, hello) and its hello
//
// The nonces make every proof good for once, the labels keep it from being sent back to where it came from, and the
// acceptor proves itself last, so that whoever just knocks learns nothing to try keys with. Who answers calls that were
// meant for another does learn such a proof: a key must be too long to guess. What is said afterwards is neither
// encrypted nor signed.

import type { Milliseconds } from '../units.ts';
import type { MeshCrypto } from './crypto.ts';
import {
  HandshakeCutError,
  HandshakeTimeoutError,
  NotShoalError,
  PeerBusyError,
  ProtocolMismatchError,
  WrongKeyError,
} from './handshake-errors.ts';
import { type Hello, readHello, writeHello } from './hello.ts';
import { type Link, MAX_FRAME_BYTES, STRANGER_FRAME_BYTES } from './link.ts';
import { BadFrameError, LinkClosedError } from './link-errors.ts';
import type { Timers } from './timers.ts';

/** To be raised with every change of what nodes say to each other. */
export const PROTOCOL_VERSION = 2;
export const HANDSHAKE_TIMEOUT_MS: Milliseconds = 5000;

/** Sent alone, as one byte, before the link is closed, so that the other end's user reads why. */
export const Refusal = { wrongKey: 1, busy: 2 } as const;

export interface HandshakeOptions {
  readonly crypto: MeshCrypto;
  /** The same in the whole cluster, and secret. */
  readonly key: Uint8Array;
  readonly hello: Hello;
  readonly timers: Timers;
  /** For all of it. */
  readonly timeoutMs?: Milliseconds;
}

type Side = 'dial' | 'accept';

/** The other side's hello. Rejects, and closes the link, if they do not come together. Frames after it wait. */
export const dialHandshake = (link: Link, options: HandshakeOptions): Promise<Hello> =>
  handshake(link, 'dial', options);

/** The same for the side that was called. */
export const acceptHandshake = (link: Link, options: HandshakeOptions): Promise<Hello> =>
  handshake(link, 'accept', options);

async function handshake(link: Link, side: Side, options: HandshakeOptions): Promise<Hello> {
  const { timers, timeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  link.limitFrames(STRANGER_FRAME_BYTES);
  let stopClock = (): void => {};
  const failure = new Promise<never>((_, reject) => {
    stopClock = timers.after(timeoutMs, () => reject(new HandshakeTimeoutError(link.peer, timeoutMs)));
    link.onClose((reason) => reject(whyCut(link.peer, reason)));
  });
  failure.catch(() => {}); // It may come when nobody waits for it any more.
  try {
    const hello = await Promise.race([converse(link, side, options), failure]);
    link.limitFrames(MAX_FRAME_BYTES);
    return hello;
  } catch (error) {
    // A wrong version needs no word: our opening has told it.
    if (error instanceof WrongKeyError) link.send(Uint8Array.of(Refusal.wrongKey));
    link.close();
    throw error;
  } finally {
    stopClock();
  }
}

async function converse(link: Link, side: Side, { crypto, key, hello }: HandshakeOptions): Promise<Hello> {
  const { peer } = link;
  const other = side === 'dial' ? 'accept' : 'dial';
  const ourHello = writeHello(hello);
  const ours = opening(crypto.random(NONCE_BYTES));
  link.send(ours);
  const theirs = await nextFrame(link);
  checkOpening(peer, theirs);

  const openings = side === 'dial' ? [ours, theirs] : [theirs, ours];
  const proofOf = (prover: Side, said: Uint8Array) => crypto.hmac(key, joined(LABELS[prover], ...openings, said));
  if (side === 'dial') link.send(await proofOf('dial', ourHello), ourHello);

  const answer = await nextFrame(link);
  throwRefusal(peer, answer);
  if (answer.length <= PROOF_BYTES) throw new NotShoalError(peer);
  const [proof, theirHello] = [answer.subarray(0, PROOF_BYTES), answer.subarray(PROOF_BYTES)];
  if (!isSame(proof, await proofOf(other, theirHello))) throw new WrongKeyError(peer);
  const checked = readHello(peer, theirHello);
  if (side === 'accept') link.send(await proofOf('accept', ourHello), ourHello);
  return checked;
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const MAGIC = ascii('Shoal');
/** Magic and version: what later versions must begin with, too. */
const PREFIX_BYTES = MAGIC.length + 2;
/** Of one length, so that what follows stands where it stands. */
const LABELS: Readonly<Record<Side, Uint8Array>> = { dial: ascii('dial  '), accept: ascii('accept') };

const opening = (nonce: Uint8Array): Uint8Array =>
  joined(MAGIC, Uint8Array.of(PROTOCOL_VERSION & 0xff, PROTOCOL_VERSION >> 8), nonce);

function checkOpening(peer: string, frame: Uint8Array): void {
  throwRefusal(peer, frame);
  if (frame.length < PREFIX_BYTES || !MAGIC.every((byte, i) => frame[i] === byte)) throw new NotShoalError(peer);
  const version = frame[MAGIC.length] | (frame[MAGIC.length + 1] << 8);
  if (version !== PROTOCOL_VERSION) throw new ProtocolMismatchError(peer, PROTOCOL_VERSION, version);
  if (frame.length !== PREFIX_BYTES + NONCE_BYTES) throw new NotShoalError(peer);
}

function throwRefusal(peer: string, frame: Uint8Array): void {
  if (frame.length !== 1) return;
  if (frame[0] === Refusal.wrongKey) throw new WrongKeyError(peer);
  if (frame[0] === Refusal.busy) throw new PeerBusyError(peer);
  throw new NotShoalError(peer);
}

/** Frames behind it wait in the link: only the next reader knows whether to believe them, and how large they may be. */
const nextFrame = (link: Link): Promise<Uint8Array> =>
  new Promise((resolve) => {
    link.onFrame((frame) => {
      link.onFrame(undefined);
      resolve(frame);
    });
  });

function whyCut(peer: string, reason: Error): Error {
  if (reason instanceof BadFrameError) return new NotShoalError(peer, { cause: reason });
  if (reason instanceof LinkClosedError) return new HandshakeCutError(peer, { cause: reason });
  return reason;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Takes as long whatever differs, so that a proof cannot be found byte by byte. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let differences = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) differences |= a[i] ^ b[i];
  return differences === 0;
}

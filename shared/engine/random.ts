// A seeded source of random numbers, the same on every machine. Not for secrets.

/** Gives numbers in [0, 1). */
export type RandomSource = () => number;

/** The random numbers that one token takes, each in [0, 1). */
export interface Chance {
  /** Whether the token is one of those that the sampler knows to be kept. */
  readonly place: number;
  /** Which of them, or of the others, it is. */
  readonly pick: number;
}

/**
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (public domain, https://prng.di.unimi.it/xoshiro128starstar.c):
 * 32 bits a call from 128 bits of state, of which one at least must be set.
 */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const word = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return word;
  };
}

/** The random source that belongs to an integer seed, of which the lower 64 bits count. */
export function seededRandom(seed: number): RandomSource {
  // The authors advise to fill the state by a generator of another kind; splitmix does it here.
  const mix = splitMix32(seed >>> 0);
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  const next = xoshiro128([mix(), mix() ^ high, mix(), mix() | 1]);
  for (let i = 0; i < 16; i++) next(); // spreads `high` over the state
  // 52 bits, not 53: then u · total rounds to less than total, and no draw falls off the end of a distribution.
  return () => ((next() >>> 6) * 2 ** 26 + (next() >>> 6)) / 2 ** 52;
}

/** SplitMix32, the 32-bit sibling of Vigna's public-domain splitmix64, with MurmurHash3's finaliser. */
function splitMix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

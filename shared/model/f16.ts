// Half-precision numbers, by hand: Math.f16round and Float16Array are too new for some of the browsers that join.

const words = new Uint32Array(1);
const float = new Float32Array(words.buffer);

function decodeBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// All 65,536 of them: 256 KiB that turn a branchy decode, once a block of 32 weights, into one load.
const table = Float32Array.from({ length: 65536 }, (_, bits) => decodeBits(bits));

/** The number that 16 bits mean. */
export const decodeF16 = (bits: number): number => table[bits & 0xffff];

/** The nearest half-precision number's bits, ties to even; beyond 65,504 infinity, below 2^-25 zero. */
export function encodeF16(value: number): number {
  // A double goes through f32 first, as in C where weights are floats; that is exact for every f32 input.
  float[0] = value;
  const bits = words[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and up round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 the result is a subnormal: whole multiples of 2^-24. The product is exact, so this rounds only once.
    return sign | roundHalfEven(Math.abs(float[0]) * 2 ** 24);
  }
  // Re-bias the exponent by 112 and drop 13 fraction bits; a carry out of the fraction rightly raises the exponent.
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

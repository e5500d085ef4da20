import { expect, test } from 'vitest';
import { decodeF16, encodeF16 } from './f16.ts';

const INFINITY_BITS = 0x7c00;

/** The f32 numbers just below and just above. */
function neighbours(value: number): [below: number, above: number] {
  const float = new Float32Array([value]);
  const bits = new Uint32Array(float.buffer);
  bits[0] -= 1;
  const below = float[0];
  bits[0] += 2;
  return [below, float[0]];
}

test('known numbers decode', () => {
  expect(decodeF16(0x3c00)).toBe(1);
  expect(decodeF16(0xc000)).toBe(-2);
  expect(decodeF16(0x7bff)).toBe(65504);
  expect(decodeF16(0x0001)).toBe(2 ** -24);
  expect(decodeF16(0x8000)).toBe(-0);
  expect(decodeF16(0xfc00)).toBe(-Infinity);
  expect(decodeF16(0x7e00)).toBeNaN();
});

test('every half-precision number survives decoding and encoding', () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = decodeF16(bits);
    const again = encodeF16(value);
    if (Number.isNaN(value)) expect(decodeF16(again)).toBeNaN();
    else if (again !== bits) expect.fail(`${bits.toString(16)} came back as ${again.toString(16)}`);
  }
});

test('between two neighbours the nearer wins, and the even one in a tie', () => {
  for (let bits = 0; bits < INFINITY_BITS; bits++) {
    const upper = bits + 1 === INFINITY_BITS ? 65536 : decodeF16(bits + 1); // where the next number would be
    const middle = (decodeF16(bits) + upper) / 2;
    const [below, above] = neighbours(middle);
    const even = bits % 2 === 0 ? bits : bits + 1;
    const results = [encodeF16(below), encodeF16(middle), encodeF16(above), encodeF16(-middle)];
    if (`${results}` !== `${[bits, even, bits + 1, even | 0x8000]}`) expect.fail(`around ${middle}: ${results}`);
  }
});

test('what is too large becomes infinite, what is too small becomes a signed zero', () => {
  expect(encodeF16(1e30)).toBe(0x7c00);
  expect(encodeF16(-Infinity)).toBe(0xfc00);
  expect(encodeF16(1e-30)).toBe(0);
  expect(encodeF16(-1e-40)).toBe(0x8000);
});

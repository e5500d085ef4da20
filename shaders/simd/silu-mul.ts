// silu-mul and gelu-mul: the gated activations of feed-forward layers.

import { exp4 } from './vector';

/** out = gate / (1 + e^−gate) · up, `count` f32, a multiple of 8. */
export function siluMul(gate: usize, up: usize, out: usize, count: usize): void {
  for (const end = gate + count * 4; gate < end; gate += 32, up += 32, out += 32) {
    const g0 = v128.load(gate);
    const g1 = v128.load(gate, 16);
    const u0 = v128.load(up);
    const u1 = v128.load(up, 16);
    const y0 = f32x4.mul(gated(g0, f32x4.neg(g0)), u0);
    const y1 = f32x4.mul(gated(g1, f32x4.neg(g1)), u1);
    v128.store(out, y0);
    v128.store(out, y1, 16);
  }
}

/** out = gelu(gate) · up with the tanh form, x·σ(2·√(2/π)·(x + 0.044715·x³)); `count` f32, a multiple of 8. */
export function geluMul(gate: usize, up: usize, out: usize, count: usize): void {
  for (const end = gate + count * 4; gate < end; gate += 32, up += 32, out += 32) {
    const g0 = v128.load(gate);
    const g1 = v128.load(gate, 16);
    const u0 = v128.load(up);
    const u1 = v128.load(up, 16);
    const y0 = f32x4.mul(gated(g0, geluPower(g0)), u0);
    const y1 = f32x4.mul(gated(g1, geluPower(g1)), u1);
    v128.store(out, y0);
    v128.store(out, y1, 16);
  }
}

/** gate / (1 + e^power) */
// @ts-ignore: decorator
@inline
function gated(gate: v128, power: v128): v128 {
  return f32x4.div(gate, f32x4.add(f32x4.splat(1), exp4(power)));
}

// @ts-ignore: decorator
@inline
function geluPower(gate: v128): v128 {
  const cubic = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.splat(0.044715), f32x4.mul(gate, gate)));
  return f32x4.mul(f32x4.mul(gate, cubic), f32x4.splat(-1.5957691216057308));
}

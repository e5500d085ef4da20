// silu-mul and gelu-mul: the gated activations of feed-forward layers.

import { exp4 } from './vector';

/** out = gate / (1 + e^−gate) · up, `count` f32, a multiple of 4. */
export function siluMul(gate: usize, up: usize, out: usize, count: usize): void {
  const one = f32x4.splat(1);
  for (const end = gate + count * 4; gate < end; gate += 16, up += 16, out += 16) {
    const g = v128.load(gate);
    v128.store(out, f32x4.mul(f32x4.div(g, f32x4.add(one, exp4(f32x4.neg(g)))), v128.load(up)));
  }
}

/** out = gelu(gate) · up with the tanh form: x·σ(2·√(2/π)·(x + 0.044715·x³)). */
export function geluMul(gate: usize, up: usize, out: usize, count: usize): void {
  const one = f32x4.splat(1);
  for (const end = gate + count * 4; gate < end; gate += 16, up += 16, out += 16) {
    const g = v128.load(gate);
    const cubic = f32x4.add(one, f32x4.mul(f32x4.splat(0.044715), f32x4.mul(g, g)));
    const power = exp4(f32x4.mul(f32x4.mul(g, cubic), f32x4.splat(-1.5957691216057308)));
    v128.store(out, f32x4.mul(f32x4.div(g, f32x4.add(one, power)), v128.load(up)));
  }
}

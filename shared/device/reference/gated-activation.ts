// silu-mul and gelu-mul: out = activation(gate) · up.

export function siluMul(gate: Float32Array, up: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = silu(gate[i]) * up[i];
}

export function geluMul(gate: Float32Array, up: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = gelu(gate[i]) * up[i];
}

const silu = (x: number): number => x / (1 + Math.exp(-x));

/** The tanh form (Hendrycks & Gimpel 2016), which is what models that say `gelu` here were made with. */
const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

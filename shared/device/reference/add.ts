// buffer += addend.

export function add(buffer: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < buffer.length; i++) buffer[i] += addend[i];
}

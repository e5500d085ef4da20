// out = input / rms(input) · gain, over each run of gain.length columns; in place where out is input.

export function rmsNorm(input: Float32Array, gain: Float32Array, epsilon: number, out: Float32Array): void {
  for (let start = 0; start < input.length; start += gain.length) {
    let squares = 0;
    for (let i = 0; i < gain.length; i++) squares += input[start + i] ** 2;
    const scale = 1 / Math.sqrt(squares / gain.length + epsilon);
    for (let i = 0; i < gain.length; i++) out[start + i] = input[start + i] * scale * gain[i];
  }
}

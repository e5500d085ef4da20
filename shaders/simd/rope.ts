// rope: rotates pairs of a head's values by the token's angles.

/**
 * buffer: [tokens, heads·headDim] f32, in place. table: per token `headDim` cosines, then `headDim` sines, one for each
 * value, with the sign that the value's partner enters with. Partners are neighbours, or half a head apart (`halves`).
 */
export function rope(buffer: usize, tokens: usize, heads: usize, headDim: usize, table: usize, halves: bool): void {
  const bytes = headDim * 4;
  for (let t: usize = 0; t < tokens; t++) {
    for (let head: usize = 0; head < heads; head++) {
      if (halves) rotateHalves(buffer, table, bytes);
      else rotateNeighbours(buffer, table, bytes);
      buffer += bytes;
    }
    table += bytes * 2;
  }
}

function rotateNeighbours(head: usize, table: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(head + i);
    const partner = v128.shuffle<i32>(x, x, 1, 0, 3, 2);
    const cosines = v128.load(table + i);
    const sines = v128.load(table + bytes + i);
    v128.store(head + i, f32x4.add(f32x4.mul(x, cosines), f32x4.mul(partner, sines)));
  }
}

function rotateHalves(head: usize, table: usize, bytes: usize): void {
  const half = bytes / 2;
  for (let i: usize = 0; i < half; i += 16) {
    const a = v128.load(head + i);
    const b = v128.load(head + half + i);
    const first = table + i;
    const second = first + half;
    v128.store(head + i, f32x4.add(f32x4.mul(a, v128.load(first)), f32x4.mul(b, v128.load(first + bytes))));
    v128.store(head + half + i, f32x4.add(f32x4.mul(b, v128.load(second)), f32x4.mul(a, v128.load(second + bytes))));
  }
}

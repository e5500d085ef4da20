// add: the residual connection.

/** buffer += addend, `count` f32, a multiple of 4. */
export function add(buffer: usize, addend: usize, count: usize): void {
  for (const end = buffer + count * 4; buffer < end; buffer += 16, addend += 16) {
    v128.store(buffer, f32x4.add(v128.load(buffer), v128.load(addend)));
  }
}

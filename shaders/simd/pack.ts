// Weights from a file's order, row by row, to the groups of eight rows that the matmuls read.

/** Eight rows of `blocks` Q40 blocks (18 bytes: f16 scale, 16 bytes of nibbles), `stride` bytes apart. */
export function packQ40(from: usize, stride: usize, blocks: usize, to: usize): void {
  for (let block: usize = 0; block < blocks; block++) {
    for (let row: usize = 0; row < 8; row++) {
      const source = from + row * stride;
      store<u16>(to + row * 2, load<u16>(source));
      const lane = to + 16 + row * 4;
      store<u32>(lane, load<u32>(source, 2));
      store<u32>(lane, load<u32>(source, 6), 32);
      store<u32>(lane, load<u32>(source, 10), 64);
      store<u32>(lane, load<u32>(source, 14), 96);
    }
    from += 18;
    to += 144;
  }
}

/** Eight rows of `blocks` Q80 blocks (34 bytes: f16 scale, 32 i8), `stride` bytes apart. */
export function packQ80(from: usize, stride: usize, blocks: usize, to: usize): void {
  for (let block: usize = 0; block < blocks; block++) {
    for (let row: usize = 0; row < 8; row++) {
      const source = from + row * stride;
      store<u16>(to + row * 2, load<u16>(source));
      const lane = to + 16 + row * 4;
      for (let j: usize = 0; j < 8; j++) store<u32>(lane + j * 32, load<u32>(source + j * 4, 2) ^ 0x80808080);
    }
    from += 34;
    to += 272;
  }
}

/** Eight rows of `columns` f32, `stride` bytes apart. */
export function packF32(from: usize, stride: usize, columns: usize, to: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    const source = from + row * stride;
    for (let column: usize = 0; column < columns; column++) {
      store<u32>(to + column * 32 + row * 4, load<u32>(source + column * 4));
    }
  }
}

/** Eight rows of `columns` f16, `stride` bytes apart. */
export function packF16(from: usize, stride: usize, columns: usize, to: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    const source = from + row * stride;
    for (let column: usize = 0; column < columns; column++) {
      store<u16>(to + column * 16 + row * 2, load<u16>(source + column * 2));
    }
  }
}

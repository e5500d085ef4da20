// Any range of joined parts, read at the same time, with few of them open.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesSource } from '../../model/bytes-source.ts';
import { RangeOutsideFileError } from '../../model/model-errors.ts';
import { joinedSource } from './joined-source.ts';

function joined(sizes: readonly number[]) {
  const bytes = Uint8Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, i) => (i * 7) & 255);
  const counts = { open: 0, most: 0, opened: 0, closes: 0 };
  let start = 0;
  const parts = sizes.map((size) => {
    const part = bytes.subarray(start, start + size);
    start += size;
    const open = async () => {
      counts.open++;
      counts.opened++;
      counts.most = Math.max(counts.most, counts.open);
      const close = async () => void counts.open--;
      return { ...bytesSource('part', part), close };
    };
    return { size, open };
  });
  return { bytes, counts, source: joinedSource('all', parts, { onClose: () => counts.closes++ }) };
}

test('any ranges of any parts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(20), { maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(), fc.nat())),
      async (sizes, cuts) => {
        const { bytes, counts, source } = joined(sizes);
        expect(source.size).toBe(bytes.length);
        const reads = cuts.map(async (cut) => {
          const [start, end] = cut.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b);
          const target = new Uint8Array(end - start);
          await source.readInto(start, target);
          expect(target).toEqual(bytes.slice(start, end));
        });
        await Promise.all(reads);
        await source.close();
        await source.close();
        await new Promise(setImmediate);
        expect(counts).toMatchObject({ open: 0, closes: 1 });
      },
    ),
  );
});

test('few are open, and those near by are opened once', async () => {
  const { bytes, counts, source } = joined(Array<number>(100).fill(10));
  const one = new Uint8Array(1);
  for (let at = 0; at < bytes.length; at++) await source.readInto(at, one);
  expect(counts.opened).toBe(100);
  expect(counts.most).toBeLessThanOrEqual(10);
  await source.close();
});

test('beyond the end, or after it was closed', async () => {
  const { source } = joined([5, 5]);
  await expect(source.readInto(9, new Uint8Array(2))).rejects.toThrow(RangeOutsideFileError);
  await expect(source.readInto(-1, new Uint8Array(2))).rejects.toThrow(RangeOutsideFileError);
  await source.close();
  await expect(source.readInto(0, new Uint8Array(2))).rejects.toThrow('all was closed');
});

test('a part that could not be opened is tried anew', async () => {
  let tries = 0;
  const open = async () => {
    if (tries++ === 0) throw new Error('busy');
    return bytesSource('part', Uint8Array.of(1, 2));
  };
  const source = joinedSource('all', [{ size: 2, open }]);
  await expect(source.readInto(0, new Uint8Array(2))).rejects.toThrow('busy');
  const target = new Uint8Array(2);
  await source.readInto(0, target);
  expect([...target]).toEqual([1, 2]);
});

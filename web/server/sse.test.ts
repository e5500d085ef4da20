import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventReader } from './sse.ts';

const stream =
  ': hello\n\ndata: one\n\nevent: x\r\ndata:two\r\ndata: three\r\n\r\nid: 4\rdata\rdata:  four\r\rdata: lost';
const events = ['one', 'two\nthree', '\n four'];

const cut = (text: string, places: readonly number[]): string[] => {
  const sorted = [0, ...[...places].sort((a, b) => a - b), text.length];
  return sorted.slice(1).map((to, at) => text.slice(sorted[at], to));
};

test('reads events whatever ends their lines, and no comments, names and ids', () => {
  expect(createEventReader().push(stream)).toEqual(events);
});

test('reads the same however the text is cut', () => {
  const places = fc.array(fc.nat({ max: stream.length }), { maxLength: 12 });
  fc.assert(
    fc.property(places, (at) => {
      const reader = createEventReader();
      expect(cut(stream, at).flatMap((piece) => reader.push(piece))).toEqual(events);
    }),
  );
});

test('an event without its empty line is not given out', () => {
  const reader = createEventReader();
  expect(reader.push('data: half\n')).toEqual([]);
  expect(reader.push('\n')).toEqual(['half']);
});

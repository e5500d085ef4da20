import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('counts tokens after the first, by the server’s count if there is one', () => {
  const pace = new Pace(1000);
  for (const at of [1250, 1500, 2250]) pace.piece(at);
  expect(pace.result(undefined)).toEqual({ firstTokenMs: 250, tokensPerSecond: 2 });
  expect(pace.result(5)).toEqual({ firstTokenMs: 250, tokensPerSecond: 4 });
});

test('one token has no rate, none has nothing', () => {
  const pace = new Pace(0);
  expect(pace.result(undefined)).toEqual({});
  pace.piece(70);
  expect(pace.result(1)).toEqual({ firstTokenMs: 70 });
});

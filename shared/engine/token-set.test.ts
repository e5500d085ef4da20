import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenSet } from './token-set.ts';

const ids = fc.uniqueArray(fc.nat(199), { maxLength: 60 });

test('holds what was added and nothing else', () => {
  fc.assert(
    fc.property(ids, ids, (some, others) => {
      const set = new TokenSet(200, some);
      set.addAll(new TokenSet(200, others));
      const expected = [...new Set([...some, ...others])].sort((a, b) => a - b);
      expect([...set]).toEqual(expected);
      expect(set.size).toBe(expected.length);
      const copy = set.copy();
      for (const id of others) copy.delete(id);
      expect([...copy]).toEqual(expected.filter((id) => !others.includes(id)));
      for (let id = 0; id < 300; id++) expect(set.has(id)).toBe(expected.includes(id));
    }),
  );
});

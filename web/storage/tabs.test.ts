import { expect, test } from 'vitest';
import { type Channel, createTabs } from './tabs.ts';

/** Channels that hear each other, as tabs of one page do. */
function channels(count: number): Channel[] {
  const all: Channel[] = Array.from({ length: count }, () => ({
    onmessage: null,
    postMessage(this: Channel, data: unknown) {
      for (const other of all) if (other !== this) queueMicrotask(() => other.onmessage?.({ data } as MessageEvent));
    },
  }));
  return all;
}

test('the others hear of a change, oneself does not', async () => {
  const heard: string[] = [];
  const [a, b, c] = channels(3).map(createTabs) as [
    ReturnType<typeof createTabs>,
    ReturnType<typeof createTabs>,
    ReturnType<typeof createTabs>,
  ];
  for (const [name, tab] of Object.entries({ a, b, c })) tab.onChanged((id) => heard.push(`${name} ${id}`));
  a.changed('x');
  await Promise.resolve();
  expect(heard).toEqual(['b x', 'c x']);
});

test('knows who writes an answer, until they are done', async () => {
  const [a, b] = channels(2).map(createTabs) as [ReturnType<typeof createTabs>, ReturnType<typeof createTabs>];
  const release = a.claim('answer');
  expect(await b.isClaimedElsewhere('answer')).toBe(true);
  expect(await a.isClaimedElsewhere('answer')).toBe(false);
  expect(await b.isClaimedElsewhere('other')).toBe(false);
  release();
  expect(await b.isClaimedElsewhere('answer')).toBe(false);
});

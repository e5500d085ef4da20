import { expect, test } from 'vitest';
import type { Member } from './member.ts';
import { MemberLinks } from './member-links.ts';
import type { ToRoot, ToWorker } from './messages.ts';

type Asked = ToWorker['type'];

/** Members that answer as they are told to. */
function membersThat(answer: (id: string, type: Asked) => ToRoot, ids = ['a', 'b', 'c']) {
  const asked: Asked[] = [];
  const members = new Map(
    ids.map((id, i) => {
      const ask = async ({ type }: ToWorker) => {
        asked.push(type);
        return answer(id, type);
      };
      const link = { roundTripMs: 10 + i, bytesPerSecond: 1e6 * (i + 1) };
      return [id, { id, address: { id, host: id, port: 1 }, link, ask } as unknown as Member];
    }),
  );
  return { asked, members, all: [...members.values()] };
}

test('links are opened once, and again when they may be gone', async () => {
  const { asked, members, all } = membersThat(() => ({ type: 'meshed', unreachable: [] }));
  const links = new MemberLinks('x', members);
  expect(await links.openAll(all)).toEqual([]);
  expect(await links.openAll(all)).toEqual([]);
  expect(asked).toHaveLength(3);
  links.renew();
  await links.openAll(all);
  expect(asked).toHaveLength(6);
  const opening = links.openAll(all.slice(1));
  links.renew(); // somebody is lost meanwhile
  await opening;
  await links.openAll(all.slice(1));
  expect(asked).toHaveLength(10);
});

test('a hole names who joined later, and is looked at again', async () => {
  const { asked, members, all } = membersThat((id) => ({
    type: 'meshed',
    unreachable: id === 'b' ? [{ id: 'a', why: 'refused' }] : [],
  }));
  const links = new MemberLinks('x', members);
  const hole = { earlier: 'a', later: 'b', why: 'refused' };
  expect(await links.openAll(all)).toEqual([hole]);
  expect(await links.openAll(all)).toEqual([hole]);
  expect(asked).toHaveLength(6);
});

test('two workers are as far apart as they measured, the worse of both; else as the root is from the farther', async () => {
  const { members, all } = membersThat((id) => ({
    type: 'distances',
    roundTrips: id === 'a' ? [{ id: 'b', ms: 0.2 }] : id === 'b' ? [{ id: 'a', ms: 0.3 }] : [],
  }));
  const links = new MemberLinks('x', members);
  expect(links.between('a', 'b')).toEqual({ roundTripMs: 11, bytesPerSecond: 1e6 });
  await links.measure(all);
  expect(links.between('a', 'b')).toEqual({ roundTripMs: 0.3, bytesPerSecond: 1e6 });
  expect(links.between('b', 'c')).toEqual({ roundTripMs: 12, bytesPerSecond: 2e6 });
  expect(links.between('root', 'c')).toEqual({ roundTripMs: 12, bytesPerSecond: 3e6 });
});

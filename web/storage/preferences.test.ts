import { expect, test } from 'vitest';
import { createPreferences } from './preferences.ts';

function fakeStorage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  } as Storage;
}

test('remembers over a reload', () => {
  const [lasting, passing] = [fakeStorage(), fakeStorage()];
  const before = createPreferences(lasting, passing);
  before.theme = 'dark';
  before.key = 'secret';
  before.model = 'm';
  before.defaults = { system: 'Be kind', stop: [], numbers: { seed: 1 } };
  before.setDraft('a', 'half a');
  const after = createPreferences(lasting, passing);
  expect(after).toMatchObject({ theme: 'dark', key: 'secret', model: 'm' });
  expect(after.defaults).toEqual({ system: 'Be kind', stop: [], numbers: { seed: 1 } });
  expect([after.draft('a'), after.draft('b')]).toEqual(['half a', '']);
});

test('what was forgotten is not in the storage', () => {
  const lasting = fakeStorage();
  const preferences = createPreferences(lasting, undefined);
  preferences.theme = 'light';
  preferences.theme = 'system';
  expect(lasting.getItem('shoal.theme')).toBeNull();
  expect(preferences.theme).toBe('system');
});

test('rubbish in the storage is as nothing', () => {
  const lasting = fakeStorage();
  lasting.setItem('shoal.theme', 'pink');
  lasting.setItem('shoal.defaults', '{');
  const preferences = createPreferences(lasting, undefined);
  expect(preferences.theme).toBe('system');
  expect(preferences.defaults).toEqual({ system: '', stop: [], numbers: {} });
});

test('works without a storage, or with a full one', () => {
  const full = {
    ...fakeStorage(),
    setItem: () => {
      throw new Error('full');
    },
  } as Storage;
  for (const storage of [undefined, full]) {
    const preferences = createPreferences(storage, storage);
    preferences.key = 'k';
    preferences.setDraft('a', 'text');
    expect([preferences.key, preferences.draft('a')]).toEqual(['k', 'text']);
  }
});

import { expect, test } from 'vitest';
import { type Keys, sends, shortcutOf } from './shortcuts.ts';

const keys = (key: string, more: Partial<Keys> = {}): Keys => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  ...more,
});

test('knows its keys, on every system', () => {
  expect(shortcutOf(keys('k', { ctrlKey: true }), true)).toBe('search');
  expect(shortcutOf(keys('k', { metaKey: true }), false)).toBe('search');
  expect(shortcutOf(keys('O', { ctrlKey: true, shiftKey: true }), true)).toBe('new');
  expect(shortcutOf(keys('Escape'), true)).toBe('escape');
  expect(shortcutOf(keys('?', { shiftKey: true }), false)).toBe('help');
});

test('leaves all others alone', () => {
  expect(shortcutOf(keys('?', { shiftKey: true }), true)).toBeUndefined();
  expect(shortcutOf(keys('k'), false)).toBeUndefined();
  expect(shortcutOf(keys('o', { ctrlKey: true }), false)).toBeUndefined();
  expect(shortcutOf(keys('k', { ctrlKey: true, altKey: true }), false)).toBeUndefined();
  expect(shortcutOf(keys('Escape', { isComposing: true }), true)).toBeUndefined();
});

test('Enter sends, but not within a word that is being composed', () => {
  const enter = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };
  expect(sends(enter)).toBe(true);
  expect(sends({ ...enter, shiftKey: true })).toBe(false);
  expect(sends({ ...enter, isComposing: true })).toBe(false);
  expect(sends({ ...enter, keyCode: 229 })).toBe(false);
  expect(sends({ ...enter, key: 'a' })).toBe(false);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  complaintAbout,
  isDefault,
  NUMBER_FIELDS,
  noSettings,
  parametersOf,
  readSettings,
  stopsOf,
} from './settings.ts';

const field = (name: string) => NUMBER_FIELDS.find((one) => one.name === name)!;

test('numbers are checked as they are typed', () => {
  expect(complaintAbout(field('temperature'), '')).toBeUndefined();
  expect(complaintAbout(field('temperature'), ' 0.7 ')).toBeUndefined();
  expect(complaintAbout(field('temperature'), '2.1')).toBe('Must be 2 or less');
  expect(complaintAbout(field('presencePenalty'), '-3')).toBe('Must be -2 or more');
  expect(complaintAbout(field('maxTokens'), '1.5')).toBe('Must be a whole number');
  expect(complaintAbout(field('maxTokens'), '0')).toBe('Must be 1 or more');
  expect(complaintAbout(field('seed'), 'many')).toBe('Must be a number');
  expect(complaintAbout(field('seed'), '1e400')).toBe('Must be a whole number');
});

test('only what was set is sent, by the names of the API', () => {
  expect(parametersOf(noSettings)).toEqual({});
  const settings = readSettings({
    system: 'Be kind',
    stop: ['END', ''],
    numbers: { temperature: 0, topP: 0.9, maxTokens: 40, seed: 7, presencePenalty: 1, frequencyPenalty: -1 },
  });
  expect(parametersOf(settings)).toEqual({
    temperature: 0,
    top_p: 0.9,
    max_tokens: 40,
    seed: 7,
    presence_penalty: 1,
    frequency_penalty: -1,
    stop: ['END'],
  });
});

test('what is read from anywhere is valid, and valid settings are read as they are', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const settings = readSettings(value);
      expect(readSettings(settings)).toEqual(settings);
    }),
  );
  const settings = { system: 's', stop: ['a'], numbers: { temperature: 1.5, seed: -3 } };
  expect(readSettings(settings)).toEqual(settings);
});

test('what is not valid is left out, the rest stays', () => {
  expect(readSettings({ system: 5, stop: 'x', numbers: { temperature: 9, topP: 0.5, seed: '1', other: 3 } })).toEqual({
    system: '',
    stop: [],
    numbers: { topP: 0.5 },
  });
});

test('stop texts are lines, which may begin with a space', () => {
  expect(stopsOf(' a\n\nb')).toEqual([' a', 'b']);
  expect(stopsOf('x\n'.repeat(40))).toHaveLength(16);
});

test('knows whether anything was set', () => {
  expect(isDefault(noSettings)).toBe(true);
  expect(isDefault({ ...noSettings, numbers: { temperature: 0 } })).toBe(false);
});

import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { isPrivate, lanNames } from './private-names.ts';

const info = (address: string) => ({ address }) as NetworkInterfaceInfo;

test.each([
  'localhost',
  'pi.local',
  'PI.Local',
  'a.b.home.arpa',
  'x.internal',
  '10.9.8.7',
  '100.64.0.1',
  'fd12::1',
  '::1',
])('%s is private', (name) => expect(isPrivate(name)).toBe(true));

test.each([
  ...['example.com', 'local.example', 'xlocal', '.local', 'a..local', '-a.local', 'a_b.local', '*.local', ''],
  ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '10.0.0', '010.0.0.1', '0.0.0.0', '169.253.0.1'],
  ...['2001:db8::1', 'fe80::1', 'fe80::1%eth0', 'fd00::1%eth0', '::', '::ffff:10.0.0.1'],
])('%j is not', (name) => expect(isPrivate(name)).toBe(false));

test('a machine is called by localhost, its name in .local, and its private addresses, each once', () => {
  const interfaces = {
    lo: [info('127.0.0.1'), info('::1')],
    eth0: [info('192.168.1.10'), info('fe80::1'), info('fd00::5'), info('2001:db8::5')],
    wlan0: [info('10.0.0.3'), info('203.0.113.5'), info('192.168.1.10')],
    gone: undefined,
  };
  const common = ['127.0.0.1', '::1', '10.0.0.3', '192.168.1.10', 'fd00::5'];
  expect(lanNames('Pi', interfaces)).toEqual(['localhost', 'pi.local', ...common]);
  expect(lanNames('pi.example.com', interfaces)).toEqual(['localhost', 'pi.local', ...common]);
  expect(lanNames("Ann's Mac", interfaces)).toEqual(['localhost', ...common]);
});

test('this machine has a name at least', () => {
  expect(lanNames()).toEqual(expect.arrayContaining(['localhost', '127.0.0.1']));
  expect(lanNames().every(isPrivate)).toBe(true);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, InvalidAddressError, parseAddress } from './address.ts';

describe('addresses', () => {
  test.each([
    ['pi.local:9990', { host: 'pi.local', port: 9990 }],
    ['192.168.1.10:1', { host: '192.168.1.10', port: 1 }],
    ['localhost', { host: 'localhost', port: 7000 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['[fe80::1%eth0]', { host: 'fe80::1%eth0', port: 7000 }],
    ['küche:80', { host: 'küche', port: 80 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text, 7000)).toEqual(address);
  });

  test.each([
    ['', 'it names no host'],
    [':9990', 'it names no host'],
    ['[]:9990', 'it names no host'],
    ['pi:', 'its port is no number from 1 to 65535'],
    ['pi:0', 'its port is no number from 1 to 65535'],
    ['pi:65536', 'its port is no number from 1 to 65535'],
    ['pi:99x', 'its port is no number from 1 to 65535'],
    ['pi:-1', 'its port is no number from 1 to 65535'],
    ['[::1]:', 'its port is no number from 1 to 65535'],
    ['::1', 'it has several colons; put an IPv6 address in brackets, as [::1]:9990'],
    ['[::1', 'it has several colons'],
    ['[pi]:80', 'what is in brackets is no IPv6 address'],
    ['http://pi:80', 'it begins with a scheme; leave out "http://"'],
    ['pi/x:80', 'no host has such a name'],
    ['me@pi:80', 'no host has such a name'],
    ['a b:80', 'no host has such a name'],
    ['pi\n:80', 'no host has such a name'],
  ])('%j is refused', (text, cause) => {
    expect(() => parseAddress(text, 7000)).toThrow(InvalidAddressError);
    expect(() => parseAddress(text, 7000)).toThrow(`Cannot use the address ${JSON.stringify(text)}: ${cause}`);
  });

  test('without a default the port must be given', () => {
    expect(() => parseAddress('pi')).toThrow('it has no port; write it as 192.168.1.10:9990 or [::1]:9990');
  });

  test('what is written is read as it was', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseAddress(formatAddress({ host, port }))).toEqual({ host, port });
      }),
    );
  });

  test('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]:%.a1 -:/é') }), (text) => {
        try {
          expect(parseAddress(text, 1).host).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidAddressError);
        }
      }),
    );
  });
});

import { expect, test } from 'vitest';
import { shareOf } from './share.ts';

test('reads addresses, drawing and steps', () => {
  const share = shareOf({
    urls: ['https://192.168.1.10:8443/'],
    qr: '<svg/>',
    authority: {
      fingerprint: 'AB:CD',
      systems: [{ system: 'iOS', file: '/ca.mobileconfig', steps: ['One', 'Two'] }],
    },
  });
  expect(share).toEqual({
    urls: ['https://192.168.1.10:8443/'],
    qr: '<svg/>',
    authority: {
      fingerprint: 'AB:CD',
      systems: [{ system: 'iOS', file: '/ca.mobileconfig', steps: ['One', 'Two'] }],
    },
  });
});

test('shows no address that is none, and none of elsewhere for a file', () => {
  const share = shareOf({
    urls: ['javascript:alert(1)', 5, 'http://10.0.0.2/'],
    qr: 'https://elsewhere/qr.png',
    authority: { fingerprint: 5, systems: ['x', { system: 1 }, { system: 'Mac', file: '//elsewhere/ca.crt' }] },
  });
  expect(share).toEqual({
    urls: ['http://10.0.0.2/'],
    qr: undefined,
    authority: { fingerprint: undefined, systems: [{ system: 'Mac', file: undefined, steps: [] }] },
  });
});

test.each([undefined, null, 'x', {}, { urls: [] }])('%j shares nothing', (body) => {
  expect(shareOf(body)).toEqual({ urls: [], qr: undefined, authority: undefined });
});

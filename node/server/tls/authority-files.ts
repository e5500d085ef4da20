// The authority's certificate as devices want to download it, never its key: as PEM, as DER, and as a profile for
// Apple's devices. How it is installed then is told by install-steps.ts.

import { createHash } from 'node:crypto';
import type { AuthorityCertificate } from './authority.ts';

export interface AuthorityFile {
  readonly name: 'shoal-ca.crt' | 'shoal-ca.cer' | 'shoal-ca.mobileconfig';
  /** The `Content-Type`; with another, phones show the file instead of installing it. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `.crt` is PEM, `.cer` is DER. */
export function authorityFiles(authority: AuthorityCertificate): readonly AuthorityFile[] {
  const { name, certificate } = authority;
  const der = new Uint8Array(Buffer.from(certificate.replaceAll(/-----[^-]+-----/g, ''), 'base64'));
  const type = 'application/x-x509-ca-cert';
  return [
    { name: 'shoal-ca.crt', type, bytes: bytesOf(certificate) },
    { name: 'shoal-ca.cer', type, bytes: der },
    { name: 'shoal-ca.mobileconfig', type: 'application/x-apple-aspen-config', bytes: bytesOf(profile(name, der)) },
  ];
}

/** Its ids come from the certificate, so that a device that gets it twice replaces it. */
function profile(name: string, der: Uint8Array): string {
  const outer = idOf('profile', der);
  const inner = idOf('certificate', der);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>shoal.local-ca.${outer}</string>
  <key>PayloadUUID</key><string>${outer}</string>
  <key>PayloadDisplayName</key><string>${escaped(name)}</string>
  <key>PayloadDescription</key><string>Lets this device open Shoal in your home network with https.</string>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>shoal.local-ca.${outer}.${inner}</string>
      <key>PayloadUUID</key><string>${inner}</string>
      <key>PayloadDisplayName</key><string>${escaped(name)}</string>
      <key>PayloadCertificateFileName</key><string>shoal-ca.cer</string>
      <key>PayloadContent</key><data>${Buffer.from(der).toString('base64')}</data>
    </dict>
  </array>
</dict>
</plist>
`;
}

/** A UUID of the kind that is free to choose (version 8). */
function idOf(what: string, der: Uint8Array): string {
  const hash = createHash('sha256').update(what).update(der).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

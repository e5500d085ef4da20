// The mesh's cryptography by Node's own.

import { createHash, createHmac, randomFillSync } from 'node:crypto';
import type { MeshCrypto } from '../../shared/mesh/crypto.ts';

export const nodeCrypto: MeshCrypto = {
  random: (length) => randomFillSync(new Uint8Array(length)),
  hmac: async (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  sha256: async (data) => new Uint8Array(createHash('sha256').update(data).digest()),
};

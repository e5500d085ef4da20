// A file that is already in memory, as a ByteSource: for tests, and for a browser that was handed the bytes.

import type { ByteSource } from './byte-source.ts';
import { RangeOutsideFileError } from './model-errors.ts';

export const bytesSource = (name: string, bytes: Uint8Array): ByteSource => ({
  name,
  size: bytes.length,
  async readInto(offset, target) {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + target.length > bytes.length) {
      throw new RangeOutsideFileError(name, offset, target.length, bytes.length);
    }
    target.set(bytes.subarray(offset, offset + target.length));
  },
  async close() {},
});

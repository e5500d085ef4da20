// The compiled kernels in the repository are those that the sources beside them make.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test.each(['relaxed', 'plain'])('shaders/wasm/%s.wasm is up to date', async (target) => {
  let built: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['--baseDir', ROOT, '--config', 'asconfig.json', '--target', target], {
    writeFile(name, contents) {
      if (name.endsWith('.wasm')) built = contents as Uint8Array;
    },
  });
  expect(error, `asc says: ${stderr}`).toBeNull();
  const kept = await readFile(`${ROOT}shaders/wasm/${target}.wasm`);
  const isSame = built !== undefined && Buffer.compare(built, kept) === 0;
  expect(isSame, `shaders/wasm/${target}.wasm is not what shaders/simd makes; run npm run kernels`).toBe(true);
});

// The import law holds, and would be noticed if it did not.

import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { violations } from './import-law.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGES = Object.keys(packageJson.dependencies);

test('every room imports only what it may', () => {
  const files = globSync('{shared,node,web}/**/*.ts', { cwd: ROOT }).map((file) => file.replaceAll(sep, '/'));
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((file) => violations(file, readFileSync(ROOT + file, 'utf8'), PACKAGES))).toEqual([]);
});

test.each([
  ['a later room', 'shared/device/step.ts', `import { x } from '../engine/engine.ts';`],
  ['a room of the same step', 'shared/text/family.ts', `import type { Model } from '../model/model.ts';`],
  ['the browser from Node', 'node/main.ts', `import '../web/main.ts';`],
  ['Node from the browser', 'web/main.ts', `const file = await import('../node/storage/file-source.ts');`],
  ['Node from shared', 'shared/api/perplexity.ts', `export * from '../../node/main.ts';`],
  ['tests', 'node/main.ts', `import { tinyModel } from '../test/fixtures/tiny-models.ts';`],
  ['a test beside it', 'shared/text/utf8.ts', `import './utf8.test.ts';`],
  ['tools', 'node/main.ts', `new Worker(new URL('../tools/x.ts', import.meta.url));`],
  ['the toy stepper', 'node/commands/chat.ts', `import { toyStepper } from '../../shared/engine/toy-stepper.ts';`],
  ['kernels from outside a device', 'node/main.ts', `new URL('../shaders/wasm/', import.meta.url);`],
  ['the later room in a type', 'shared/model/model.ts', `type Step = import('../device/device.ts').Step;`],
  ['a development package', 'shared/text/utf8.ts', `import fc from 'fast-check';`],
  ['Node in shared', 'shared/text/utf8.ts', `import { join } from 'node:path';`],
  ['nothing, outside the rooms', 'shared/misc/things.ts', ''],
])('no file may name %s', (_, file, text) => {
  expect(violations(file, text, PACKAGES)).toHaveLength(1);
});

test.each([
  ['an earlier room', 'shared/device/step.ts', `import { ShoalError } from '../errors.ts';`],
  ['its own room', 'shared/text/family.ts', `import type { PieceIndex } from './piece-index.ts';`],
  ['kernels from a device', 'node/devices/cpu-host.ts', `new URL('../../shaders/wasm/', import.meta.url);`],
  ['anything from a test', 'shared/engine/engine.test.ts', `import { x } from '../../test/x.ts'; import 'fast-check';`],
  ['a dependency', 'shared/text/chat-template.ts', `import { Template } from '@huggingface/jinja';`],
  ['anything in a comment', 'shared/model/model.ts', `// like '../engine/engine.ts'`],
])('a file may name %s', (_, file, text) => {
  expect(violations(file, text, PACKAGES)).toEqual([]);
});

// Who may enter which room. Pure: a file's path and text in, sentences about what it may not name out.
//
// It looks at every relative path that a file names, however it names it: import, import(), import type, new URL. So it
// needs no parser of TypeScript, and a worker or a kernel that is loaded by URL counts like an import.

import { posix } from 'node:path';

/** Rooms in building order. A room may enter those of earlier steps and itself, and no other of its own step. */
const STEPS: readonly (readonly string[])[] = [
  ['shared/errors', 'shared/units', 'shared/vocabulary'],
  ['shared/measure', 'shared/model', 'shared/text', 'shared/mesh'],
  ['shared/layout', 'shared/collective'],
  ['shared/program'],
  ['shared/device'],
  ['shared/engine'],
  ['shared/cluster'],
  ['shared/api'],
  ['node', 'web'],
];

const LOADERS_OF_KERNELS = ['shared/device/', 'node/devices/', 'web/devices/'];
const TOY = 'shared/engine/toy-stepper.ts';
const IN_QUOTES = /(['"`])(\.{1,2}\/[^'"`$]*)/g;
const PACKAGE = /\b(?:from|import)\s*\(?\s*['"]([^.'"][^'"]*)['"]/g;

/** One sentence for each thing that `file` must not name. `packages` are those that come with Shoal. */
export function violations(file: string, text: string, packages: readonly string[]): string[] {
  if (!isAside(file) && roomOf(file) === undefined) return [`${file} lies in no room; add its room to STEPS`];
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const named = [...code.matchAll(IN_QUOTES)].map(([, , path]) => posix.join(posix.dirname(file), path));
  const outside = [...code.matchAll(PACKAGE)].map(([, name]) => name);
  const problems = [
    ...named.map((target) => forbidden(file, target)),
    ...outside.map((name) => alien(file, name, packages)),
  ];
  return problems.filter((problem) => problem !== undefined).map((problem) => `${file} ${problem}`);
}

function forbidden(file: string, target: string): string | undefined {
  if (isAside(file)) return undefined;
  if (/^(?:test|tools)\//.test(target) || isAside(target))
    return `names ${target}, but production knows no tests and tools`;
  if (target === TOY && file !== TOY) return `names ${target}, which is for tests`;
  if (/^shaders\//.test(target) && !LOADERS_OF_KERNELS.some((loader) => file.startsWith(loader))) {
    return `names ${target}, but only devices load kernels`;
  }
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === undefined || to === undefined || from === to) return undefined;
  const [later, earlier] = [stepOf(from), stepOf(to)];
  if (earlier < later || (later === 0 && earlier === 0)) return undefined;
  return `names ${target}, but ${from} may not enter ${to}`;
}

function alien(file: string, name: string, packages: readonly string[]): string | undefined {
  if (isAside(file)) return undefined;
  if (name.startsWith('node:')) return file.startsWith('node/') ? undefined : `names ${name}, which only node/ has`;
  if (packages.some((known) => name === known || name.startsWith(`${known}/`))) return undefined;
  return `names the package ${name}, which is not installed with Shoal; add it to "dependencies"`;
}

/** Tests, tools, and settings of tools: they may name anything, and nothing may name them. */
const isAside = (path: string): boolean => /^(?:test|tools)\/|\.(?:test|config)\.ts$/.test(path);

/** The room that a path lies in; undefined for what is in none, such as package.json. */
const roomOf = (path: string): string | undefined =>
  STEPS.flat().find((room) => path === `${room}.ts` || path.startsWith(`${room}/`));

const stepOf = (room: string): number => STEPS.findIndex((rooms) => rooms.includes(room));

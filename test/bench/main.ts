// Measures Shoal against what limits it and against its peers, all in one run on one machine, round by round, so that a
// noisy neighbour disturbs everyone. Prints ratios and keeps the figures in test/bench/results/.
//
// usage: npm run bench -- [--threads N] [--rounds N]
// Peers are used where they are: DLLAMA=path of distributed-llama's binary, NODE_LLAMA_CPP=path of an installed
// node-llama-cpp's entry (…/node_modules/node-llama-cpp/dist/index.js).

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchModels, decodeBytes } from './models.ts';
import { measureReading, type ReadSpeed } from './read-loop.ts';
import { runDllama, runLlamaCpp, runShoal, type Speed } from './runners.ts';

const { values } = parseArgs({
  options: { threads: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
const threads = Number(values.threads ?? Math.min(2, availableParallelism()));
const rounds = Number(values.rounds);

interface Round {
  readonly reading: ReadSpeed;
  readonly speeds: Record<string, Speed>;
}

const contestants: Record<string, (() => Promise<Speed>) | undefined> = {};
const models = await benchModels();
contestants.shoal = () => runShoal(models, threads);
for (const [name, variable, measure] of [
  ['dllama', 'DLLAMA', runDllama],
  ['llama.cpp', 'NODE_LLAMA_CPP', runLlamaCpp],
] as const) {
  const path = process.env[variable];
  if (path && existsSync(path)) contestants[name] = () => measure(path, models, threads);
  else console.log(`${name}: not measured, since ${variable} does not name an installed one`);
}

const results: Round[] = [];
for (let round = 1; round <= rounds; round++) {
  const speeds: Record<string, Speed> = {};
  const reading = await measureReading(threads);
  for (const [name, measure] of Object.entries(contestants)) if (measure) speeds[name] = await measure();
  results.push({ reading, speeds });
  console.log(
    `round ${round}: reading ${reading.oneStream.toFixed(1)} GB/s (eight streams ${reading.eightStreams.toFixed(1)}); ` +
      Object.entries(speeds)
        .map(([name, s]) => `${name} ${s.prefillMsPerToken.toFixed(2)} + ${s.decodeMsPerToken.toFixed(2)} ms`)
        .join('; '),
  );
}

const median = (pick: (round: Round) => number): number => {
  const sorted = results.map(pick).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
};
const bandwidth = (round: Round): number => decodeBytes() / round.speeds.shoal.decodeMsPerToken / 1e6;
const times = (value: number): string => `${value.toFixed(2)}×`;
const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;

console.log(
  `\nTinyLlama-1.1B shape, q40, ${threads} threads, medians of ${rounds} rounds (ratios: medians of each round's)`,
);
console.log(`  reading memory, one stream     ${median((r) => r.reading.oneStream).toFixed(1)} GB/s`);
console.log(`  reading memory, eight streams  ${median((r) => r.reading.eightStreams).toFixed(1)} GB/s`);
for (const name of Object.keys(contestants).filter((name) => contestants[name])) {
  const prefill = median((r) => r.speeds[name].prefillMsPerToken).toFixed(2);
  const decode = median((r) => r.speeds[name].decodeMsPerToken).toFixed(2);
  console.log(`  ${name.padEnd(10)} prefill ${prefill.padStart(6)} ms/token   decode ${decode.padStart(7)} ms/token`);
}
console.log(`  decode reads ${median(bandwidth).toFixed(1)} GB/s of weights, the whole step counted:`);
console.log(`    ${percent(median((r) => bandwidth(r) / r.reading.oneStream))} of a plain read loop`);
console.log(`    ${percent(median((r) => bandwidth(r) / r.reading.eightStreams))} of the best read loop`);
for (const name of Object.keys(contestants).filter((name) => contestants[name] && name !== 'shoal')) {
  const prefill = median((r) => r.speeds[name].prefillMsPerToken / r.speeds.shoal.prefillMsPerToken);
  const decode = median((r) => r.speeds[name].decodeMsPerToken / r.speeds.shoal.decodeMsPerToken);
  console.log(`  Shoal's speed over ${name}'s: prefill ${times(prefill)}, decode ${times(decode)}`);
}

const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const date = new Date().toISOString().slice(0, 10);
const machine = { cpu: cpus()[0].model, cores: availableParallelism(), memoryGB: Math.round(totalmem() / 1e9) };
const record = { date, machine, node: process.version, threads, rounds: results };
const name = `${date}-${machine.cpu.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${threads}t.json`;
writeFileSync(new URL(name, folder), `${JSON.stringify(record, undefined, 1)}\n`);
console.log(`Kept in test/bench/results/${name}`);

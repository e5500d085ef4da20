// `shoal serve`: the chat page and the OpenAI API, over one model, until somebody ends it.

import { availableParallelism, totalmem } from 'node:os';
import { basename, extname } from 'node:path';
import type { ServedModel } from '../../shared/api/openai/served-model.ts';
import { toolNotationOf } from '../../shared/api/openai/tool-notation.ts';
import { collectText, readText } from '../../shared/api/text-generation.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import { totalTensorBytes } from '../../shared/model/tensor-list.ts';
import { type ChatTemplate, chooseChatTemplate } from '../../shared/text/chat-template.ts';
import { NoChatTemplateError } from '../../shared/text/text-errors.ts';
import type { Milliseconds } from '../../shared/units.ts';
import { createApp } from '../server/app.ts';
import { chatPage } from '../server/chat-page.ts';
import { EngineClient } from '../server/engine-client.ts';
import { EnginePool, type PooledEngine } from '../server/engine-pool.ts';
import { type HttpServer, openHttpServer } from '../server/http-server.ts';
import type { LanDoor } from '../server/lan.ts';
import { ServerMetrics } from '../server/metrics.ts';
import type { Arguments, Output, Surroundings } from './command.ts';
import { INTERRUPTED } from './interrupts.ts';
import { type ModelFiles, openModelFiles, positionBytes } from './model-files.ts';
import { usefulThreads } from './open-model.ts';
import type { OptionValues } from './options.ts';
import { writeRemark } from './output.ts';
import { leads } from './root-options.ts';
import { samplingOf } from './sampling-options.ts';
import { assertServable } from './serve-options.ts';

const DEFAULT_PORT = 9990;
const LOOPBACK = '127.0.0.1';
/** Answers that run when the server is told to end may go on for so long. */
const GRACE_MS: Milliseconds = 30_000;
const SELF_CHECK_TOKENS = 16;
/** The thread that serves has a third of the work for a token that an engine of the demo model has. */
const MOST_ENGINES = 4;
/** For all engines but the first, which say the same. */
const SILENCE: Output = { isTerminal: false, columns: 80, write: () => {} };

export async function serve({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const { notes, out } = surroundings;
  assertServable(options);
  const log = (line: string): void => writeRemark(line, notes);
  const files = await openModelFiles('serve', options, surroundings);
  const stop = Promise.withResolvers<void>();
  const slots = options.slots ?? slotsFor(files.header);
  const most = enginesFor(files.header, slots, options);
  const engine = new EnginePool({
    most,
    start: (index, onDeath) =>
      new EngineClient({ ...options, slots: Math.ceil(slots / most) }, index === 0 ? notes : SILENCE, onDeath),
    onDeath: (error) => stop.reject(error),
    log,
  });
  let model: ServedModel | undefined;
  let lan: LanDoor | undefined;
  const metrics = new ServerMetrics(() => engine.status);
  const servers: HttpServer[] = [];
  try {
    const id = modelId(files);
    const apiKey = options['api-key'] ?? process.env.SHOAL_API_KEY;
    const app = createApp({
      modelId: id,
      model: () => model,
      progress: () => engine.progress,
      apiKey,
      metrics,
      page: await chatPage(log),
      share: () => lan?.share ?? { urls: [] },
      downloads: (path) => lan?.downloads.get(path),
      log,
    });
    // Before the model is loaded: a port that is taken shows at once, and who comes early is told to wait.
    const local = await openHttpServer({ app, host: LOOPBACK, port: options.port ?? DEFAULT_PORT });
    servers.push(local);
    if (options.lan) {
      const { openLan } = await import('../server/lan.ts');
      lan = await openLan(app, options, log);
      servers.push(lan.server);
    }
    await Promise.race([engine.ready, stop.promise]);
    const served = servedModel(id, files, options, engine, metrics);
    log(await selfCheck(served));
    model = served;
    for (const line of greeting(id, local, lan?.lines(out.isTerminal), apiKey)) out.write(`${line}\n`);
    surroundings.onInterrupt(() => stop.resolve());
    process.once('SIGTERM', () => stop.resolve());
    await stop.promise;
    log('Ending; answers that run are finished first. Ctrl-C once more ends them too.');
    surroundings.onInterrupt(() => process.exit(INTERRUPTED));
    await Promise.all(servers.map((server) => server.close(GRACE_MS)));
    return 0;
  } finally {
    await engine.close();
    await Promise.all(servers.map((server) => server.close(0)));
    await files[Symbol.asyncDispose]();
  }
}

const modelId = ({ paths: { model } }: ModelFiles): string => basename(model, extname(model));

/** As many contexts as an eighth of the memory holds: what is not used costs none. */
function slotsFor(header: ModelHeader): number {
  const slotBytes = header.seqLen * positionBytes(header);
  return Math.max(1, Math.min(32, Math.floor(totalmem() / 8 / slotBytes)));
}

/** Several only of a model whose step cannot use all cores. */
function enginesFor(header: ModelHeader, slots: number, options: OptionValues): number {
  if (leads(options) || options.nthreads !== undefined || options.device === 'reference') return 1;
  const cores = Math.floor(availableParallelism() / usefulThreads(totalTensorBytes(header)));
  return Math.max(1, Math.min(MOST_ENGINES, cores, slots));
}

function servedModel(
  id: string,
  { tokenizer, header, vocabulary }: ModelFiles,
  options: OptionValues,
  engine: PooledEngine,
  metrics: ServerMetrics,
): ServedModel {
  const template = templateOf(() => chooseChatTemplate(vocabulary, options['chat-template']));
  return {
    id,
    created: Math.floor(Date.now() / 1000),
    tokenizer,
    template,
    tools: toolNotationOf(template?.source ?? ''),
    seqLen: header.seqLen,
    sampling: samplingOf(options),
    status: () => engine.status,
    async generate(request) {
      const generation = await engine.generate(request);
      generation.finished.then(
        (summary) => metrics.generated(summary),
        () => {}, // whoever asked hears of it
      );
      return generation;
    },
  };
}

function templateOf(choose: () => ChatTemplate): ChatTemplate | undefined {
  try {
    return choose();
  } catch (error) {
    if (error instanceof NoChatTemplateError) return undefined;
    throw error;
  }
}

/** One short answer, before anybody asks: what cannot be answered should show here. */
async function selfCheck({ template, tokenizer, generate }: ServedModel): Promise<string> {
  const text = template?.render([{ role: 'user', content: 'Tell me a story.' }]) ?? 'Once upon a time';
  const begun = performance.now();
  const generation = await generate({
    prompt: tokenizer.encode(text),
    maxTokens: SELF_CHECK_TOKENS,
    stopIds: tokenizer.eosIds,
    sampling: { temperature: 0 },
  });
  const summary = await collectText(readText(generation, tokenizer, { continues: template === undefined }));
  const { tokens, ms } = summary.prediction;
  const speed = ms > 0 ? `, ${((tokens * 1000) / ms).toFixed(1)} tokens/s` : '';
  const line = summary.text.replaceAll(/\s+/g, ' ').trim();
  return `Self-check: "${line}…" (${((performance.now() - begun) / 1000).toFixed(2)} s${speed})`;
}

function greeting(
  id: string,
  local: HttpServer,
  ofLan: readonly string[] | undefined,
  apiKey: string | undefined,
): string[] {
  const lines = [`Chat:   ${local.url}`, `API:    ${local.url}v1   (model ${id})`];
  if (ofLan) lines.push(...ofLan);
  if (ofLan && apiKey === undefined) {
    lines.push('Everybody in your network may use it; --api-key KEY lets in only those who know the key.');
  }
  return lines;
}

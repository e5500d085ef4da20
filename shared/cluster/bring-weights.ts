// Gives a worker its part of a plan: tells what it is to be, sends the chunks of weights that it lacks, and waits until it
// has loaded them.

import type { MeshCrypto } from '../mesh/crypto.ts';
import type { Link } from '../mesh/link.ts';
import type { Model } from '../model/model.ts';
import type { Bytes } from '../units.ts';
import { chunkFrame } from './frames.ts';
import type { Member } from './member.ts';
import type { PlanMessage } from './messages.ts';
import type { Chunk } from './weights/chunks.ts';
import { chunkHashes, type KnownHashes } from './weights/hashes.ts';
import { SendWindow, sendChunks } from './weights/send.ts';

export interface WeightJob {
  readonly model: Model;
  /** Those that it lacks are computed and come into it. */
  readonly hashes: KnownHashes;
  readonly crypto: MeshCrypto;
  readonly member: Member;
  readonly link: Link;
  readonly plan: Omit<PlanMessage, 'hashes'>;
  /** Of the member's packed program. */
  readonly chunks: readonly Chunk[];
  /** Whether the plan is over already. */
  aborted(): boolean;
  /** `held`: of the member's weights, what it has already. */
  onProgress(done: Bytes, total: Bytes, held: Bytes): void;
}

/** Resolves to the bytes that were sent once the member is ready. */
export async function bringWeights(job: WeightJob): Promise<Bytes> {
  const { model, hashes, crypto, member, link, plan, chunks, aborted, onProgress } = job;
  const known = await chunkHashes(model, chunks, crypto, { known: hashes, aborted });
  // Expected before it is asked for: who has all chunks already answers both questions at once.
  const loaded = member.expect('loaded', plan.tag, Number.POSITIVE_INFINITY);
  const window = new SendWindow();
  loaded.catch(() => window.release()); // whoever sends hears of it first
  member.onWritten = (bytes) => window.written(bytes);
  const { chunks: indexes } = await member.ask({ ...plan, hashes: known }, 'missing');
  const sizeOf = (sum: Bytes, { size }: Chunk): Bytes => sum + size;
  const total = indexes.flatMap((index) => chunks[index] ?? []).reduce(sizeOf, 0);
  const held = chunks.reduce(sizeOf, 0) - total;
  onProgress(0, total, held);
  await sendChunks({
    file: model,
    chunks,
    indexes,
    outlet: {
      send: (index, bytes) => {
        window.sent(bytes.length);
        link.send(chunkFrame(plan.tag, index), bytes);
      },
      drained: async () => {
        await window.room();
        await link.drained();
      },
    },
    aborted,
    onProgress: (done) => onProgress(done, total, held),
  });
  await loaded;
  return total;
}

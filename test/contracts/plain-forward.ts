// A second opinion on what a model computes: Llama and Qwen3 from the formulas, in double precision, over a whole text
// at once. It shares no code with programs and devices, has no cache and no slots, and is slow.

import { decodeF16, encodeF16 } from '../../shared/model/f16.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import { type Model, readTensor } from '../../shared/model/model.ts';
import type { TokenId } from '../../shared/units.ts';

type Vector = number[];
type Matrix = Vector[];

/** The logits after each token of a text: [tokens, vocabulary]. */
export async function plainForward(model: Model, tokens: readonly TokenId[]): Promise<Matrix> {
  const { header } = model;
  const matrix = async (name: string): Promise<Matrix> =>
    rowsOf(await readTensor(model, name), model.tensors.get(name)?.columns ?? 0);
  const quantised = header.weightType === 'q40' || header.weightType === 'q80';
  // What meets quantised weights is rounded to Q80 first; everything else stays a double.
  const times = (weights: Matrix, x: Vector): Vector => {
    const y = quantised ? roundedToQ80(x) : x;
    return weights.map((row) => dot(row, y));
  };

  const embedding = await matrix('embedding');
  let x = tokens.map((token) => embedding[token]); // [tokens, dim]
  for (let layer = 0; layer < header.layers; layer++) {
    const at = (name: string): Promise<Matrix> => matrix(`layers.${layer}.${name}`);
    const [attentionNorm, ffnNorm] = [(await at('attention-norm'))[0], (await at('ffn-norm'))[0]];
    const [wq, wk, wv, wo, w1, w2, w3] = await Promise.all(['q', 'k', 'v', 'wo', 'w1', 'w2', 'w3'].map(at));

    const normed = x.map((row) => normalised(row, attentionNorm, header));
    let q = normed.map((row) => rowsOf(times(wq, row), header.headDim)); // [tokens, heads, headDim]
    let k = normed.map((row) => rowsOf(times(wk, row), header.headDim)); // [tokens, kvHeads, headDim]
    const v = normed.map((row) => rowsOf(times(wv, row), header.headDim));
    if (header.architecture === 'qwen3') {
      const [[qNorm], [kNorm]] = [await at('q-norm'), await at('k-norm')];
      q = q.map((heads) => heads.map((head) => normalised(head, qNorm, header)));
      k = k.map((heads) => heads.map((head) => normalised(head, kNorm, header)));
    }
    q = q.map((heads, position) => heads.map((head) => rotated(head, position, header)));
    k = k.map((heads, position) => heads.map((head) => rotated(head, position, header)));

    const attended = q.map((heads, t) =>
      heads.flatMap((query, head) => {
        const kvHead = Math.floor((head * header.kvHeads) / header.heads);
        const keys = k.slice(0, t + 1).map((kvHeads) => kvHeads[kvHead]);
        const values = v.slice(0, t + 1).map((kvHeads) => kvHeads[kvHead]);
        const weights = softmax(keys.map((key) => dot(query, key) / Math.sqrt(header.headDim)));
        return query.map((_, i) =>
          dot(
            weights,
            values.map((value) => value[i]),
          ),
        );
      }),
    ); // [tokens, heads · headDim]
    x = x.map((row, t) => plus(row, times(wo, attended[t])));

    x = x.map((row) => {
      const y = normalised(row, ffnNorm, header);
      const [gate, up] = [times(w1, y), times(w3, y)];
      return plus(
        row,
        times(
          w2,
          gate.map((value, i) => activated(value, header) * up[i]),
        ),
      );
    });
  }
  const [finalNorm] = await matrix('final-norm');
  const output = await matrix('output');
  return x.map((row) => times(output, normalised(row, finalNorm, header)));
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const plus = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]);

function rowsOf(values: ArrayLike<number>, columns: number): Matrix {
  const all = Array.from(values);
  return Array.from({ length: all.length / columns }, (_, row) => all.slice(row * columns, (row + 1) * columns));
}

function normalised(x: Vector, gain: Vector, { normEpsilon }: ModelHeader): Vector {
  const rms = Math.sqrt(dot(x, x) / x.length + normEpsilon);
  return x.map((value, i) => (value / rms) * gain[i]);
}

function softmax(scores: Vector): Vector {
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function activated(x: number, { activation }: ModelHeader): number {
  if (activation === 'silu') return x / (1 + Math.exp(-x));
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
}

/** Complex multiplication of each pair by e^(i·position·frequency). */
function rotated(head: Vector, position: number, header: ModelHeader): Vector {
  const out = [...head];
  const half = head.length / 2;
  for (let pair = 0; pair < half; pair++) {
    const [a, b] = header.architecture === 'llama' ? [2 * pair, 2 * pair + 1] : [pair, pair + half];
    const angle = position * frequency(pair, header);
    out[a] = head[a] * Math.cos(angle) - head[b] * Math.sin(angle);
    out[b] = head[b] * Math.cos(angle) + head[a] * Math.sin(angle);
  }
  return out;
}

/** As in Llama 3.1's own model.py (apply_scaling). */
function frequency(pair: number, { ropeTheta, headDim, ropeScaling }: ModelHeader): number {
  const plain = 1 / ropeTheta ** ((2 * pair) / headDim);
  if (!ropeScaling) return plain;
  const turns = (ropeScaling.originalSeqLen * plain) / (2 * Math.PI); // over the original length
  const smooth = (turns - ropeScaling.lowFreqFactor) / (ropeScaling.highFreqFactor - ropeScaling.lowFreqFactor);
  const kept = Math.min(1, Math.max(0, smooth));
  return plain * (kept + (1 - kept) / ropeScaling.factor);
}

function roundedToQ80(x: Vector): Vector {
  return rowsOf(x, 32).flatMap((block) => {
    const largest = Math.max(...block.map(Math.abs));
    const scale = decodeF16(encodeF16(largest / 127));
    return block.map((value) => (largest === 0 ? 0 : Math.round((value * 127) / largest) * scale));
  });
}

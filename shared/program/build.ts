// Builds a rank's program from the model's header and the rank's slice. Pure: the same inputs give the same program
// on every node, so a root may send the slice instead of the program.

import { ShoalError } from '../errors.ts';
import { type LayerHalf, type Slice, wholeSlice } from '../layout/slice.ts';
import type { ModelHeader } from '../model/header.ts';
import { type Range, rangeLength } from '../units.ts';
import type { BufferSpec, Op, Program, Segment, Sync, Weight } from './program.ts';
import { ropeFrequencies } from './rope.ts';

/** The model is of a kind that no program can be built for yet. */
export class UnsupportedModelError extends ShoalError {
  readonly blame = 'file';
}

export interface ProgramOptions {
  /** Whether the first layer's rank looks up embeddings itself; else they are its input, as if from a stage before. */
  readonly embeds: boolean;
}

/**
 * The program of the rank that holds `slice`. A rank that is alone in its stage gets no sync points inside a layer;
 * otherwise each layer has two, after `wo` and after `w2`, where ranks add up their partial sums: but for the half that
 * all of them compute in full. In a led stage the first rank spreads what feed-forward parts take, and collects sums.
 */
export function buildProgram(
  header: ModelHeader,
  slice: Slice = wholeSlice(header),
  options: ProgramOptions = { embeds: true },
): Program {
  if (header.architecture === 'qwen3-moe') {
    throw new UnsupportedModelError(
      'This is a mixture-of-experts model, which Shoal can inspect but not run yet; choose a dense Llama or Qwen3 model',
    );
  }
  return new ProgramBuilder(header, slice, options).build();
}

class ProgramBuilder {
  private readonly header: ModelHeader;
  private readonly slice: Slice;
  private readonly embeds: boolean;
  private readonly frequencies: readonly number[];
  private readonly quantised: boolean;
  private readonly ranksShareLayers: boolean;
  private readonly buffers: Record<string, BufferSpec> = {};
  private readonly segments: Segment[] = [];
  private ops: Op[] = [];
  private input: string | undefined;

  constructor(header: ModelHeader, slice: Slice, { embeds }: ProgramOptions) {
    this.header = header;
    this.embeds = embeds && slice.layers.start === 0 && slice.led !== 'follower';
    this.slice = slice;
    this.frequencies = ropeFrequencies(header);
    this.quantised = header.weightType === 'q40' || header.weightType === 'q80';
    this.ranksShareLayers = rangeLength(slice.heads) < header.heads || rangeLength(slice.hidden) < header.hiddenDim;
  }

  build(): Program {
    const { header, slice } = this;
    const x = this.buffer('x', header.dim);
    if (this.embeds) {
      const table = this.weight('embedding', 'f32', { start: 0, end: header.vocabSize }, all(header.dim));
      this.ops.push({ op: 'embedding', table, out: x });
    } else if (slice.led !== 'follower') {
      this.input = x;
    }
    for (let layer = slice.layers.start; layer < slice.layers.end; layer++) {
      if (slice.led !== 'follower') this.attention(layer, x);
      this.feedForward(layer, x);
    }
    if (slice.layers.end === header.layers) this.logits(x);
    else this.endSegment(x, 'next-stage');
    return {
      buffers: this.buffers,
      segments: this.segments,
      cache: {
        layers: rangeLength(slice.layers),
        kvHeads: rangeLength(slice.kvHeads),
        headDim: header.headDim,
        seqLen: header.seqLen,
      },
      vocabSize: header.vocabSize,
    };
  }

  private attention(layer: number, x: string): void {
    const { header, slice } = this;
    const { headDim } = header;
    const headRows = scaled(slice.heads, headDim);
    const kvRows = scaled(slice.kvHeads, headDim);
    const normed = this.activation(this.norm(x, `layers.${layer}.attention-norm`));
    const q = this.matmul(normed, `layers.${layer}.q`, headRows, all(header.dim), 'q');
    const k = this.matmul(normed, `layers.${layer}.k`, kvRows, all(header.dim), 'k');
    const v = this.matmul(normed, `layers.${layer}.v`, kvRows, all(header.dim), 'v');
    if (header.architecture === 'qwen3') {
      this.normHeads(q, `layers.${layer}.q-norm`);
      this.normHeads(k, `layers.${layer}.k-norm`);
    }
    for (const buffer of [q, k]) {
      this.ops.push({ op: 'rope', buffer, headDim, style: header.ropeStyle, frequencies: this.frequencies });
    }
    const attended = this.buffer('attended', rangeLength(headRows)); // [tokens, heads · headDim]
    this.ops.push({
      op: 'attention',
      q,
      k,
      v,
      out: attended,
      layer: layer - slice.layers.start,
      heads: slice.heads,
      kvHeads: slice.kvHeads,
      headsPerKvHead: header.heads / header.kvHeads,
      headDim,
    });
    const partial = this.matmul(this.activation(attended), `layers.${layer}.wo`, all(header.dim), headRows, 'partial');
    this.addPartial(x, partial, 'attention');
  }

  private feedForward(layer: number, x: string): void {
    const { header, slice } = this;
    const normed = this.activation(this.spreadNorm(x, `layers.${layer}.ffn-norm`));
    const gate = this.matmul(normed, `layers.${layer}.w1`, slice.hidden, all(header.dim), 'gate');
    const up = this.matmul(normed, `layers.${layer}.w3`, slice.hidden, all(header.dim), 'up');
    const hidden = this.buffer('hidden', rangeLength(slice.hidden));
    this.ops.push({ op: header.activation === 'silu' ? 'silu-mul' : 'gelu-mul', gate, up, out: hidden });
    const partial = this.matmul(
      this.activation(hidden),
      `layers.${layer}.w2`,
      all(header.dim),
      slice.hidden,
      'partial',
    );
    this.addPartial(x, partial, 'feed-forward');
  }

  private logits(x: string): void {
    const { header, slice } = this;
    const picked = this.buffer('picked', header.dim);
    // Before ranks that have no stream of their own pick rows, all of them are normalised.
    const input = slice.led ? this.spreadNorm(x, 'final-norm') : x;
    this.ops.push({ op: 'pick-rows', input, out: picked });
    const normed = this.activation(slice.led ? picked : this.norm(picked, 'final-norm'));
    const logits = this.matmul(normed, 'output', slice.vocabulary, all(header.dim), 'logits');
    this.ops.push({ op: 'top-k', logits, vocabulary: slice.vocabulary });
    this.endSegment(undefined, 'none');
  }

  /** Where ranks share a layer their partial sums meet here; then the sum joins the residual stream. */
  private addPartial(x: string, partial: string, half: LayerHalf): void {
    const { led, replicated } = this.slice;
    if (led ? half === 'feed-forward' : this.ranksShareLayers && replicated !== half) {
      this.endSegment(partial, led ? 'collect' : 'all-reduce');
      if (led === 'follower') return;
      this.input = partial;
    }
    this.ops.push({ op: 'add', buffer: x, addend: partial });
  }

  /** `x` normalised; in a led stage by the leader, for all. */
  private spreadNorm(x: string, tensor: string): string {
    const { led } = this.slice;
    if (led === 'follower') {
      this.endSegment(undefined, 'spread');
      this.input = this.buffer('normed', this.header.dim);
      return this.input;
    }
    const normed = this.norm(x, tensor);
    if (led === 'leader') this.endSegment(normed, 'spread');
    return normed;
  }

  private endSegment(output: string | undefined, sync: Sync): void {
    this.segments.push({ input: this.input, ops: this.ops, output, sync });
    this.ops = [];
    this.input = undefined;
  }

  private norm(input: string, tensor: string): string {
    const gain = this.weight(tensor, 'f32', { start: 0, end: 1 }, all(this.header.dim));
    const out = this.buffer('normed', this.header.dim);
    this.ops.push({ op: 'rms-norm', input, gain, epsilon: this.header.normEpsilon, out });
    return out;
  }

  private normHeads(buffer: string, tensor: string): void {
    const gain = this.weight(tensor, 'f32', { start: 0, end: 1 }, all(this.header.headDim));
    this.ops.push({ op: 'rms-norm', input: buffer, gain, epsilon: this.header.normEpsilon, out: buffer });
  }

  /** `input` in the form in which the model's weight type takes activations. */
  private activation(input: string): string {
    if (!this.quantised) return input;
    const out = this.buffer(`${input}-q80`, this.buffers[input].width, 'q80');
    this.ops.push({ op: 'quantise', input, out });
    return out;
  }

  private matmul(input: string, tensor: string, rows: Range, columns: Range, name: string): string {
    const weight = this.weight(tensor, this.header.weightType, rows, columns);
    const out = this.buffer(name, rangeLength(rows));
    this.ops.push({ op: 'matmul', input, weight, out });
    return out;
  }

  private weight(tensor: string, type: Weight['type'], rows: Range, columns: Range): Weight {
    return { tensor, type, rows, columns };
  }

  private buffer(name: string, width: number, type: BufferSpec['type'] = 'f32'): string {
    this.buffers[name] = { width, type };
    return name;
  }
}

const all = (length: number): Range => ({ start: 0, end: length });
const scaled = (range: Range, by: number): Range => ({ start: range.start * by, end: range.end * by });

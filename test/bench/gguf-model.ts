// Writes a GGUF file of a given llama shape with random q40 weights, for peers that read GGUF. Benchmarks only: values
// mean nothing, layouts and sizes are real.

import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeF16 } from '../../shared/model/f16.ts';
import { bytesOf } from '../../shared/model/quant.ts';

export interface Shape {
  readonly dim: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
  readonly seqLen: number;
}

const U32 = 4;
const I32 = 5;
const F32 = 6;
const STRING = 8;
const ARRAY = 9;
const NORMAL = 1;
const CONTROL = 3;
const BYTE = 6;
const TENSOR_F32 = 0;
const TENSOR_Q4_0 = 2;
const ALIGNMENT = 32;

export function writeGguf(path: string, shape: Shape): void {
  const { dim, hidden, layers, heads, kvHeads, vocab, seqLen } = shape;
  const kvDim = (dim / heads) * kvHeads;
  const keys: [string, number, string | number][] = [
    ['general.architecture', STRING, 'llama'],
    ['llama.context_length', U32, seqLen],
    ['llama.embedding_length', U32, dim],
    ['llama.block_count', U32, layers],
    ['llama.feed_forward_length', U32, hidden],
    ['llama.attention.head_count', U32, heads],
    ['llama.attention.head_count_kv', U32, kvHeads],
    ['llama.attention.layer_norm_rms_epsilon', F32, 1e-5],
    ['llama.rope.dimension_count', U32, dim / heads],
    ['llama.vocab_size', U32, vocab],
    ['tokenizer.ggml.model', STRING, 'llama'],
  ];
  const tensors: [name: string, columns: number, rows: number | undefined][] = [['token_embd.weight', dim, vocab]];
  for (let layer = 0; layer < layers; layer++) {
    const matrix = (name: string, columns: number, rows: number) =>
      tensors.push([`blk.${layer}.${name}.weight`, columns, rows]);
    tensors.push([`blk.${layer}.attn_norm.weight`, dim, undefined], [`blk.${layer}.ffn_norm.weight`, dim, undefined]);
    matrix('attn_q', dim, dim);
    matrix('attn_k', dim, kvDim);
    matrix('attn_v', dim, kvDim);
    matrix('attn_output', dim, dim);
    matrix('ffn_gate', dim, hidden);
    matrix('ffn_down', hidden, dim);
    matrix('ffn_up', dim, hidden);
  }
  tensors.push(['output_norm.weight', dim, undefined], ['output.weight', dim, vocab]);

  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(keys.length + 3)];
  for (const [key, type, value] of keys) {
    head.push(text(key), u32(type));
    if (typeof value === 'string') head.push(text(value));
    else head.push(type === F32 ? f32(value) : u32(value));
  }
  head.push(...madeUpVocabulary(vocab));
  let offset = 0;
  const sizes = tensors.map(([, columns, rows]) => bytesOf(rows ? 'q40' : 'f32', columns * (rows ?? 1)));
  tensors.forEach(([name, columns, rows], i) => {
    head.push(text(name), u32(rows ? 2 : 1), u64(columns));
    if (rows) head.push(u64(rows));
    head.push(u32(rows ? TENSOR_Q4_0 : TENSOR_F32), u64(offset));
    offset += aligned(sizes[i]);
  });
  const file = openSync(path, 'w');
  const header = Buffer.concat(head);
  writeSync(file, header);
  writeSync(file, Buffer.alloc(aligned(header.length) - header.length));
  tensors.forEach(([, columns, rows], i) => {
    if (rows) writeBlocks(file, sizes[i], columns);
    else writeSync(file, Buffer.from(new Float32Array(columns).fill(1).buffer));
    writeSync(file, Buffer.alloc(aligned(sizes[i]) - sizes[i]));
  });
  closeSync(file);
}

/** Tokens without meaning: readers refuse a file that has none. */
function madeUpVocabulary(size: number): Buffer[] {
  const ids = Array.from({ length: size }, (_, id) => id);
  const names = ids.map((id) => (id < 3 ? ['<unk>', '<s>', '</s>'][id] : id < 259 ? byteToken(id - 3) : `t${id}`));
  const array = (key: string, type: number, values: Buffer[]) =>
    Buffer.concat([text(key), u32(ARRAY), u32(type), u64(size), ...values]);
  return [
    array('tokenizer.ggml.tokens', STRING, names.map(text)),
    array(
      'tokenizer.ggml.scores',
      F32,
      ids.map((id) => f32(-id)),
    ),
    array(
      'tokenizer.ggml.token_type',
      I32,
      ids.map((id) => u32(id < 3 ? CONTROL : id < 259 ? BYTE : NORMAL)),
    ),
  ];
}

const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** Q4_0 blocks of random nibbles whose scale keeps a product as large as its input. */
function writeBlocks(file: number, size: number, columns: number): void {
  const chunk = Buffer.alloc(18 * 65536);
  let state = 12345;
  for (let i = 0; i < chunk.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    chunk[i] = state >>> 24;
  }
  const scale = encodeF16(0.2 / Math.sqrt(columns));
  for (let i = 0; i < chunk.length; i += 18) chunk.writeUInt16LE(scale, i);
  for (let left = size; left > 0; left -= chunk.length) writeSync(file, chunk, 0, Math.min(left, chunk.length));
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

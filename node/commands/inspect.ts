// `shoal inspect FILE`: what a model or tokenizer file holds, for a person at a terminal or as JSON. Reads no weights.

import type { ByteSource } from '../../shared/model/byte-source.ts';
import { guessFileKind, KIND_ADVICE } from '../../shared/model/file-kind.ts';
import type { FloatType, ModelHeader } from '../../shared/model/header.ts';
import { readModel } from '../../shared/model/m-file.ts';
import type { Model } from '../../shared/model/model.ts';
import { grouped, WrongFormatError } from '../../shared/model/model-errors.ts';
import { readVocabulary } from '../../shared/model/t-file.ts';
import type { TensorEntry } from '../../shared/model/tensors.ts';
import { decodeUtf8 } from '../../shared/model/utf8.ts';
import type { Vocabulary } from '../../shared/vocabulary.ts';
import { openFileSource } from '../storage/file-source.ts';

export interface InspectOptions {
  /** One line of JSON for programs in place of tables for people. */
  readonly json: boolean;
  /** Every tensor on a line of its own with its place in the file; the whole chat template. */
  readonly all?: boolean;
}

export async function inspect(path: string, options: InspectOptions, out: (line: string) => void): Promise<void> {
  const source = await openFileSource(path);
  try {
    const kind = await guessFileKind(source);
    if (kind === 'm') {
      const model = await readModel(source);
      if (options.json) out(JSON.stringify(modelFacts(model)));
      else for (const line of modelLines(model, options.all ?? false)) out(line);
    } else if (kind === 't' || kind === 'old-t') {
      const vocabulary = await readVocabulary(source);
      if (options.json) out(JSON.stringify(tokenizerFacts(source, vocabulary)));
      else for (const line of tokenizerLines(source, vocabulary, options.all ?? false)) out(line);
    } else {
      throw new WrongFormatError(`Cannot inspect ${path}: ${KIND_ADVICE[kind]}`);
    }
  } finally {
    await source.close();
  }
}

// ---- models

const parametersOf = (entries: Iterable<TensorEntry>): number => {
  let sum = 0;
  for (const { rows, columns } of entries) sum += rows * columns;
  return sum;
};

function modelFacts({ header, tensors, source }: Model): object {
  const parameters = parametersOf(tensors.values());
  return { file: source.name, kind: 'model', size: source.size, header, parameters, tensors: [...tensors.values()] };
}

function* modelLines({ header, tensors, source }: Model, all: boolean): Generator<string> {
  const entries = [...tensors.values()];
  yield* labelled([['File', source.name], ['Size', sizeText(source.size)], ...headerFacts(header, entries)]);
  yield '';
  if (all) {
    yield* table(['Tensor', 'Shape', 'Type', '>Offset', '>Bytes'], entries.map(tensorRow));
  } else {
    const groups = grouping(entries);
    yield* table(['Tensors', 'Shape', 'Type', '>Number', '>Each', '>Together'], groups.map(groupRow));
  }
  yield '';
  yield* table(['Type', '>Tensors', '>Parameters', '>Size', '>Share'], typeRows(entries));
}

function headerFacts(header: ModelHeader, entries: TensorEntry[]): [string, string][] {
  const { heads, kvHeads, headDim, ropeScaling: scaling } = header;
  const facts: [string, string][] = [
    ['Architecture', header.architecture],
    ['Parameters', parametersText(header, entries)],
    ['Weights', header.weightType],
    ['Layers', grouped(header.layers)],
    ['Dim', grouped(header.dim)],
    ['Attention', `${grouped(heads)} heads of ${grouped(headDim)}, ${grouped(kvHeads)} kv heads`],
  ];
  if (header.experts > 0) {
    const { experts, activeExperts, moeHiddenDim } = header;
    facts.push([
      'Feed-forward',
      `${activeExperts} of ${experts} experts of ${grouped(moeHiddenDim)}, ${header.activation}`,
    ]);
  } else {
    facts.push(['Feed-forward', `${grouped(header.hiddenDim)}, ${header.activation}`]);
  }
  facts.push(
    ['Vocabulary', `${grouped(header.vocabSize)} tokens`],
    ['Context', `${grouped(header.seqLen)} tokens`],
    ['Rotation', `${header.ropeStyle}, theta ${grouped(header.ropeTheta)}`],
  );
  if (scaling !== undefined) {
    const { factor, lowFreqFactor, highFreqFactor, originalSeqLen } = scaling;
    const blend = `blended from ${lowFreqFactor} to ${highFreqFactor}`;
    facts.push(['Rope scaling', `${factor}× from ${grouped(originalSeqLen)} tokens, ${blend}`]);
  }
  facts.push(['Norm epsilon', header.normEpsilon.toExponential()]);
  return facts;
}

function parametersText({ experts, activeExperts }: ModelHeader, entries: TensorEntry[]): string {
  const total = parametersOf(entries);
  const exact = total >= 1e6 ? `${countText(total)} (${grouped(total)})` : grouped(total);
  if (experts === 0) return exact;
  const inExperts = parametersOf(entries.filter(({ name }) => name.includes('.experts.')));
  return `${exact}, of which ${countText(total - inExperts + (inExperts * activeExperts) / experts)} active`;
}

const shapeText = ({ rows, columns }: TensorEntry): string => (rows === 1 ? `${columns}` : `${rows} × ${columns}`);

const tensorRow = (entry: TensorEntry): string[] => {
  return [entry.name, shapeText(entry), entry.type, grouped(entry.offset), grouped(entry.size)];
};

/** Tensors that differ only by layer and expert, in the order of the first of each. */
function grouping(entries: TensorEntry[]): TensorEntry[][] {
  const kind = (entry: TensorEntry) => `${entry.name.replaceAll(/\.\d+\./g, '.')} ${shapeText(entry)} ${entry.type}`;
  return [...Map.groupBy(entries, kind).values()];
}

function groupRow(group: TensorEntry[]): string[] {
  const each = group[0].size;
  return [
    rangeName(group),
    shapeText(group[0]),
    group[0].type,
    grouped(group.length),
    byteText(each),
    byteText(each * group.length),
  ];
}

/** `layers.0–21.q` for layers.0.q to layers.21.q. */
function rangeName(group: TensorEntry[]): string {
  const parts = group.map(({ name }) => name.split('.'));
  return parts[0]
    .map((part, i) => (/^\d+$/.test(part) ? rangesText(parts.map((names) => Number(names[i]))) : part))
    .join('.');
}

/** 0–3,7 for 0, 1, 2, 3, 7. */
function rangesText(numbers: number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(',');
}

function typeRows(entries: TensorEntry[]): string[][] {
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const row = (label: string, part: TensorEntry[]): string[] => {
    const size = part.reduce((sum, entry) => sum + entry.size, 0);
    return [
      label,
      grouped(part.length),
      grouped(parametersOf(part)),
      byteText(size),
      `${((100 * size) / total).toFixed(1)} %`,
    ];
  };
  const byType = Map.groupBy(entries, ({ type }): FloatType => type);
  return [...[...byType].map(([type, part]) => row(type, part)), row('all', entries)];
}

// ---- tokenizers

/** Lines of a chat template that fit a glance. */
const TEMPLATE_LINES = 8;

function tokenizerFacts(source: ByteSource, { pieces, scores, ...rest }: Vocabulary): object {
  return {
    file: source.name,
    kind: 'tokenizer',
    size: source.size,
    vocabSize: pieces.length,
    ...rest,
    scores: scoreRange(scores),
  };
}

function* tokenizerLines(source: ByteSource, vocabulary: Vocabulary, all: boolean): Generator<string> {
  const { pieces, bosId, eosIds, addBos, chatTemplate } = vocabulary;
  const named = (id: number): string => `${id} ${pieceText(pieces[id])}`;
  const bytes = new Set(pieces.map(byteOf).filter((byte) => byte !== undefined)).size;
  const { least, most } = scoreRange(vocabulary.scores);
  const longest = pieces.reduce((best, piece, id) => (piece.length > pieces[best].length ? id : best), 0);
  yield* labelled([
    ['File', source.name],
    ['Size', sizeText(source.size)],
    ['Vocabulary', `${grouped(pieces.length)} tokens`],
    ['Begin (bos)', bosId === undefined ? 'none' : `${named(bosId)}, ${addBos ? 'put first' : 'not added'}`],
    ['End (eos)', eosIds.length === 0 ? 'none' : eosIds.map(named).join(', ')],
    ['Other special', specials(vocabulary)],
    ['Single bytes', bytes === 256 ? 'all 256 have a token' : `${bytes} of 256 have a token`],
    ['Longest token', `${grouped(pieces[longest].length)} bytes: ${named(longest)}`],
    ['Scores', `${grouped(least + 0)} to ${grouped(most + 0)}`],
    ['Chat template', chatTemplate === undefined ? 'none' : `${grouped(chatTemplate.length)} characters`],
  ]);
  if (chatTemplate === undefined) return;
  yield '';
  const lines = chatTemplate.split('\n');
  for (const line of all ? lines : lines.slice(0, TEMPLATE_LINES)) yield `  ${all ? visible(line) : clipped(line, 76)}`;
  if (!all && lines.length > TEMPLATE_LINES) yield `  … ${lines.length - TEMPLATE_LINES} more lines (--all shows them)`;
}

/** The file marks no others, so these are told by their looks: <unk>, <|im_start|>, [INST]. */
function specials({ pieces, bosId, eosIds }: Vocabulary): string {
  const found: string[] = [];
  pieces.forEach((piece, id) => {
    if (id === bosId || eosIds.includes(id) || piece[0] !== 0x3c || piece.length < 3) return;
    const text = decodeUtf8(piece) ?? '';
    if (/^<\|[^|<>]+\|>$|^<[a-z_]+>$/.test(text)) found.push(`${id} ${pieceText(piece)}`);
  });
  if (found.length === 0) return 'none seen';
  return found.length <= 3 ? found.join(', ') : `${found.slice(0, 2).join(', ')} and ${grouped(found.length - 2)} more`;
}

/** The one byte that a token stands for, as it is or written `<0x0A>`. */
function byteOf(piece: Uint8Array): number | undefined {
  if (piece.length === 1) return piece[0];
  const written = piece.length === 6 ? /^<0x([0-9A-F]{2})>$/.exec(String.fromCharCode(...piece)) : undefined;
  return written ? Number.parseInt(written[1], 16) : undefined;
}

function scoreRange(scores: Float32Array): { least: number; most: number } {
  return scores.reduce(({ least, most }, score) => ({ least: Math.min(least, score), most: Math.max(most, score) }), {
    least: Infinity,
    most: -Infinity,
  });
}

/** A token in quotes, with what a terminal would not show escaped; bytes that are no text in hexadecimal. */
function pieceText(piece: Uint8Array): string {
  const text = decodeUtf8(piece);
  if (text === undefined)
    return [...piece].map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
  return `"${clipped(text, 40)}"`;
}

function clipped(text: string, width: number): string {
  const start = [...text.slice(0, 2 * width)];
  return visible(start.length > width ? `${start.slice(0, width - 1).join('')}…` : start.join(''));
}

/** Control and invisible characters as escapes: a file must not be able to move the cursor or hide text. */
const visible = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short.startsWith('\\') ? short : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });

// ---- words and tables

const sizeText = (bytes: number): string => `${byteText(bytes)} (${grouped(bytes)} bytes)`;

function byteText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  for (let rest = bytes; rest >= 1023.95 && unit < units.length - 1; rest /= 1024) unit += 1;
  return unit === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit).toFixed(1)} ${units[unit]}`;
}

function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} billion`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} million` : grouped(Math.round(count));
}

function* labelled(facts: [label: string, value: string][]): Generator<string> {
  const width = Math.max(...facts.map(([label]) => label.length));
  for (const [label, value] of facts) yield `${label.padEnd(width)}  ${value}`;
}

/** Columns as wide as their widest cell; a heading that begins with `>` makes its column right-aligned. */
function* table(headings: string[], rows: string[][]): Generator<string> {
  const right = headings.map((heading) => heading.startsWith('>'));
  const lines = [headings.map((heading) => heading.replace(/^>/, '')), ...rows];
  const widths = headings.map((_, column) => lines.reduce((width, line) => Math.max(width, line[column].length), 0));
  for (const line of lines) {
    const cells = line.map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
    yield cells.join('  ').trimEnd();
  }
}

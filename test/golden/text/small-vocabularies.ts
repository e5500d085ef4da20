// Made-up vocabularies of a few hundred tokens, for tests that need no real one.

import type { Vocabulary } from '../../../shared/vocabulary.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const allBytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

function vocabularyOf(pieces: (string | Uint8Array)[], rest: Partial<Vocabulary>): Vocabulary {
  return {
    pieces: pieces.map((piece) => (typeof piece === 'string' ? bytesOf(piece) : piece)),
    scores: Float32Array.from(pieces, (_, id) => -id),
    bosId: undefined,
    eosIds: [],
    addBos: false,
    chatTemplate: undefined,
    ...rest,
  };
}

/** Shaped as Qwen 3's: bytes, merges, then the special tokens. */
export const smallQwen = (): Vocabulary =>
  vocabularyOf(
    [
      ...allBytes,
      'he',
      'll',
      'hell',
      'hello',
      ' w',
      ' wo',
      '<|endoftext|>',
      '<|im_start|>',
      '<|im_end|>',
      '<think>',
      '</think>',
    ],
    {
      eosIds: [264],
    },
  );

/** As benchmarks make them: SentencePiece’s marks, but raw bytes, and words that no merges lead to. */
export const madeUp = (): Vocabulary =>
  vocabularyOf(['<unk>', '<s>', '</s>', ...allBytes, 'tt', 'Hello', ' world', ' ', 'He', 'llo', 'll', ' wor', 'ld'], {
    bosId: 1,
    eosIds: [2],
    addBos: true,
  });

/** SentencePiece's: written bytes, and a space for `▁`. */
export const smallSentencePiece = (): Vocabulary =>
  vocabularyOf(
    [
      ...['<unk>', '<s>', '</s>'],
      ...allBytes.map(([byte]) => `<0x${byte!.toString(16).toUpperCase().padStart(2, '0')}>`),
      ...[' h', ' he', 'll', ' hell', ' hello', ' ', 'h', 'e', 'l', 'o', '<|user|>'],
    ],
    { bosId: 1, eosIds: [2], addBos: true },
  );

/** Letters only: nothing stands for the other bytes. */
export const noBytes = (): Vocabulary =>
  vocabularyOf(['<unk>', '<s>', '</s>', 'a', 'b', 'ab', ' '], { bosId: 1, eosIds: [2] });

// What every usable header obeys, whatever format it came in: sizes that exist, heads that divide, whole blocks. The
// program and the devices rely on these rules and do not check them again.

import { type ModelHeader, qDim } from './header.ts';
import { BadHeaderError, grouped } from './model-errors.ts';
import { blockValues } from './quant.ts';
import { totalTensorBytes } from './tensor-list.ts';

// Far above any known model, and low enough that one tensor's size is exact in a double.
const MAX_WIDTH = 2 ** 20;
const MAX_HEADS = 2 ** 16;
const MAX_LAYERS = 2 ** 12;
const MAX_EXPERTS = 2 ** 12;
const MAX_VOCAB = 2 ** 24;
const MAX_SEQ_LEN = 2 ** 31 - 1;

/** Throws a BadHeaderError that names `file` if the header breaks a rule. */
export function checkHeader(header: ModelHeader, file: string): void {
  const fail = (cause: string): never => {
    throw new BadHeaderError(file, cause);
  };
  const whole = (what: string, value: number, min: number, max: number): void => {
    if (!Number.isInteger(value)) fail(`${what} is ${value}, which is not a whole number`);
    if (value < min) fail(`${what} is ${grouped(value)}, which is less than ${min}`);
    if (value > max) fail(`${what} is ${grouped(value)}, which is more than the ${grouped(max)} that Shoal takes`);
  };
  const mixture = header.architecture === 'qwen3-moe';

  whole('dim', header.dim, 1, MAX_WIDTH);
  // A mixture of experts has no dense layer, and its files may leave this width out.
  whole('hidden dim', header.hiddenDim, mixture ? 0 : 1, MAX_WIDTH);
  whole('number of layers', header.layers, 1, MAX_LAYERS);
  whole('number of heads', header.heads, 1, MAX_HEADS);
  whole('number of kv heads', header.kvHeads, 1, MAX_HEADS);
  whole('head dim', header.headDim, 1, MAX_WIDTH);
  whole('heads × head dim', qDim(header), 1, MAX_WIDTH);
  whole('vocab size', header.vocabSize, 1, MAX_VOCAB);
  whole('sequence length', header.seqLen, 1, MAX_SEQ_LEN);
  if (header.heads % header.kvHeads !== 0) fail(`${header.heads} heads do not divide into ${header.kvHeads} kv heads`);
  if (header.headDim % 2 !== 0) fail(`head dim ${header.headDim} is odd, but rotation turns pairs`);
  if (!(header.ropeTheta > 0 && header.ropeTheta < Infinity)) fail(`rope theta is ${header.ropeTheta}`);
  if (!(header.normEpsilon > 0 && header.normEpsilon < 1)) fail(`norm epsilon is ${header.normEpsilon}`);

  if (mixture) {
    whole('number of experts', header.experts, 1, MAX_EXPERTS);
    whole('number of active experts', header.activeExperts, 1, MAX_EXPERTS);
    if (header.activeExperts > header.experts) fail(`${header.activeExperts} of ${header.experts} experts are active`);
    whole('MoE hidden dim', header.moeHiddenDim, 1, MAX_WIDTH);
  } else if (header.experts !== 0) {
    fail(`it has ${header.experts} experts, but a ${header.architecture} model has none`);
  }
  checkRopeScaling(header, fail);
  checkBlocks(header, file);

  if (!Number.isSafeInteger(totalTensorBytes(header))) fail('its tensors would take over 9 petabytes');
}

function checkRopeScaling({ ropeScaling }: ModelHeader, fail: (cause: string) => never): void {
  if (ropeScaling === undefined) return;
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalSeqLen } = ropeScaling;
  if (!(factor >= 1 && factor < Infinity)) fail(`rope scaling factor is ${factor}, which is less than 1`);
  if (!(low > 0 && high > low && high < Infinity))
    fail(`rope scaling blends from ${low} to ${high}, which is no range`);
  if (!(originalSeqLen >= 1 && originalSeqLen < Infinity)) {
    fail(`rope scaling's original sequence length is ${originalSeqLen}`);
  }
}

/** Quantised rows are whole blocks, and rows are as long as what they multiply: dim, q's width or the FFN's. */
function checkBlocks(header: ModelHeader, file: string): void {
  const block = blockValues(header.weightType);
  const widths: [string, number][] = [
    ['dim', header.dim],
    ['heads × head dim', qDim(header)],
    header.experts > 0 ? ['MoE hidden dim', header.moeHiddenDim] : ['hidden dim', header.hiddenDim],
  ];
  for (const [what, width] of widths) {
    if (width % block !== 0) {
      throw new BadHeaderError(
        file,
        `${what} ${width} is not whole ${header.weightType} blocks of ${block}`,
        'convert it to f32 or f16',
      );
    }
  }
}

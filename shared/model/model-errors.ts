// What can be wrong with a model or tokenizer file, one class a cause. Messages say the cause, then the remedy.

import { ShoalError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/** 4096 as "4,096": numbers in messages are read by people. */
export const grouped = (value: number): string => value.toLocaleString('en-US');

const bytesText = (count: Bytes): string => (count === 1 ? '1 byte' : `${grouped(count)} bytes`);

/** The file is of another kind, and we may know which. */
export class WrongFormatError extends ShoalError {
  readonly blame = 'file';
}

/** The file is of the right kind, in a version from before the format settled. */
export class OldFormatError extends ShoalError {
  readonly blame = 'file';
}

/** A value in the header is impossible, or disagrees with another. */
export class BadHeaderError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, cause: string, remedy = 'convert the model again or download it again') {
    super(`Cannot use the header of ${file}: ${cause}; ${remedy}`);
  }
}

/** The header lacks a value that has no default. */
export class MissingHeaderKeyError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, key: number, meaning: string) {
    super(`Cannot use the header of ${file}: key ${key} (${meaning}) is missing; convert it again`);
  }
}

/** The header has a key that this version does not know, so what follows cannot be trusted. */
export class UnknownHeaderKeyError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, key: number) {
    super(`Cannot use the header of ${file}: key ${key} is unknown; it may need a newer version of Shoal`);
  }
}

/** The header says the same thing twice. */
export class DuplicateHeaderKeyError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, key: number, meaning: string) {
    super(`Cannot use the header of ${file}: key ${key} (${meaning}) appears twice; convert it again`);
  }
}

/** The file ends before the data its header promises: usually an interrupted download. */
export class FileTooShortError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, part: string, missing: Bytes) {
    super(`Cannot read ${part} of ${file}: the file ends ${bytesText(missing)} early; download it again`);
  }
}

/** The file goes on after the data its header promises, so the header describes something else. */
export class FileTooLongError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, extra: Bytes) {
    super(`Cannot use ${file}: ${bytesText(extra)} follow the end of its data; convert it again or download it again`);
  }
}

/** Somebody asked for bytes that the file does not have. */
export class RangeOutsideFileError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, offset: Bytes, length: Bytes, size: Bytes) {
    const range = `${bytesText(length)} at ${grouped(offset)}`;
    super(`Cannot read ${range} of ${file}: it has only ${bytesText(size)}; download it again`);
  }
}

/** The model has no tensor of this name. */
export class MissingTensorError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, tensor: string) {
    super(`Cannot find tensor ${tensor} in ${file}: it is not in the directory; use a model of the right architecture`);
  }
}

/** A weight is not a number, infinite, or too large for the 16-bit scale of its block. */
export class UnquantisableError extends ShoalError {
  readonly blame = 'file';

  readonly #parts: readonly [what: string, type: string, cause: string];

  constructor(what: string, type: string, cause: string) {
    super(`Cannot store ${what} as ${type}: ${cause}; choose f32 or repair the source model`);
    this.#parts = [what, type, cause];
  }

  /** The same, once somebody knows whose values these are. */
  inTensor(name: string): UnquantisableError {
    const [what, type, cause] = this.#parts;
    return new UnquantisableError(`${what} of ${name}`, type, cause);
  }
}

/** Whoever supplies a tensor's data supplied too little, too much, or pieces that cut a block. */
export class TensorDataError extends ShoalError {
  readonly blame = 'file';

  constructor(tensor: string, cause: string) {
    super(`Cannot write tensor ${tensor}: ${cause}; supply exactly the data its shape asks for`);
  }
}

/** The model or vocabulary is valid, but this file format has no way to say so. */
export class NotExpressibleError extends ShoalError {
  readonly blame = 'file';

  constructor(format: string, cause: string) {
    super(`Cannot write this as a ${format} file: ${cause}; choose another format`);
  }
}

/** Something in a tokenizer file other than its header is impossible. */
export class BadTokenizerError extends ShoalError {
  readonly blame = 'file';

  constructor(file: string, cause: string) {
    super(`Cannot use tokenizer ${file}: ${cause}; convert it again or download it again`);
  }
}

// What a command is, and what it is given of the world. Commands get their device, files and streams from the entry
// point, so that tests can give others.

import type { Device } from '../../shared/device/device.ts';
import type { Address } from '../../shared/mesh/address.ts';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import type { NodeMesh } from '../links/node-mesh.ts';
import type { OptionName, OptionValues } from './options.ts';

export interface Arguments {
  readonly options: OptionValues;
  /** What is not an option: files, a subject. */
  readonly words: readonly string[];
}

export interface Command {
  readonly name: string;
  /** For the list of commands. */
  readonly summary: string;
  /** What stands after `shoal`. */
  readonly usage: string;
  /** Paragraphs for its help. */
  readonly about: readonly string[];
  readonly options: readonly OptionName[];
  /** How many words it takes at most; Infinity: they are joined to a text. */
  readonly mostWords: number;
  /** Resolves to the exit code. */
  run(args: Arguments, surroundings: Surroundings): Promise<number>;
}

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** What opening and running a model takes. */
export type ModelSurroundings = Pick<
  Surroundings,
  'makeDevice' | 'openFile' | 'mesh' | 'notes' | 'demo' | 'onListening' | 'onLoading'
>;

export interface Surroundings {
  makeDevice(name: NonNullable<OptionValues['device']>, threads: number): Promise<Device>;
  openFile(path: string): Promise<ByteSource>;
  /** Links to other nodes. */
  mesh(): Promise<NodeMesh>;
  /** Where the product of a command goes: text, tables, JSON. */
  readonly out: Output;
  /** Where everything else goes: progress, remarks, errors. */
  readonly notes: Output;
  readonly input: NodeJS.ReadStream;
  /** The model that comes with Shoal. */
  readonly demo: { readonly model: string; readonly tokenizer: string };
  /** Calls the handler at Ctrl-C in place of ending the process, until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  /** Called when workers can join; in place of telling a person how. */
  readonly onListening?: (address: Address) => void;
  /** Hears how far loading is, from 0 to 1. */
  readonly onLoading?: (share: number) => void;
}

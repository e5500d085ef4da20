// Many byte sources one after the other as one. Opens a part when it is first read and keeps only a few open, because a
// model has more chunks than a process may have files open.

import type { ByteSource } from '../../model/byte-source.ts';
import { RangeOutsideFileError } from '../../model/model-errors.ts';
import type { Bytes } from '../../units.ts';

export interface SourcePart {
  readonly size: Bytes;
  open(): Promise<ByteSource>;
}

export interface JoinOptions {
  readonly location?: unknown;
  /** Called once. */
  readonly onClose?: () => void;
}

/** Parts that stay open while nobody reads them. */
const KEPT_OPEN = 8;

export function joinedSource(name: string, parts: readonly SourcePart[], options: JoinOptions = {}): ByteSource {
  return new JoinedSource(name, parts, options);
}

interface OpenPart {
  readonly source: Promise<ByteSource>;
  readers: number;
}

class JoinedSource implements ByteSource {
  readonly name: string;
  readonly size: Bytes;
  readonly location?: unknown;
  private readonly parts: readonly SourcePart[];
  private readonly starts: readonly Bytes[];
  private readonly onClose: (() => void) | undefined;
  /** The least recently read first. */
  private readonly open = new Map<number, OpenPart>();
  private closed = false;

  constructor(name: string, parts: readonly SourcePart[], { location, onClose }: JoinOptions) {
    this.name = name;
    this.parts = parts;
    this.location = location;
    this.onClose = onClose;
    let size = 0;
    this.starts = parts.map((part) => {
      size += part.size;
      return size - part.size;
    });
    this.size = size;
  }

  async readInto(offset: Bytes, target: Uint8Array): Promise<void> {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + target.length > this.size) {
      throw new RangeOutsideFileError(this.name, offset, target.length, this.size);
    }
    for (let done = 0, index = this.partAt(offset); done < target.length; index++) {
      const at = offset + done - this.starts[index];
      const length = Math.min(this.parts[index].size - at, target.length - done);
      if (length > 0) await this.readPart(index, at, target.subarray(done, done + length));
      done += length;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const open = [...this.open.values()];
    this.open.clear();
    await Promise.allSettled(open.map(async ({ source }) => (await source).close()));
    this.onClose?.();
  }

  /** The last part that starts at or before `offset`. */
  private partAt(offset: Bytes): number {
    let [low, high] = [0, this.parts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private async readPart(index: number, at: Bytes, target: Uint8Array): Promise<void> {
    if (this.closed) throw new Error(`${this.name} was closed`);
    const part = this.open.get(index) ?? { source: this.parts[index].open(), readers: 0 };
    this.open.delete(index);
    this.open.set(index, part);
    part.readers++;
    try {
      await (await part.source).readInto(at, target);
    } catch (error) {
      // What could not be opened or read may be so another time: it is tried anew.
      if (this.open.get(index) === part) this.open.delete(index);
      part.source.then((source) => source.close()).catch(() => {});
      throw error;
    } finally {
      part.readers--;
      this.closeIdle();
    }
  }

  private closeIdle(): void {
    for (const [index, part] of this.open) {
      if (this.open.size <= KEPT_OPEN) return;
      if (part.readers > 0) continue;
      this.open.delete(index);
      part.source.then((source) => source.close()).catch(() => {});
    }
  }
}

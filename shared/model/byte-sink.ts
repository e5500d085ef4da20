// The port through which writers hand out a file's bytes in order. It knows neither paths nor formats.

export interface ByteSink {
  /** Takes the next bytes. The caller may overwrite them as soon as the promise resolves, so keep a copy or be done. */
  write(bytes: Uint8Array): Promise<void>;
}

/** A sink that keeps everything in memory: for tests and for small files. */
export interface MemorySink extends ByteSink {
  /** All bytes written so far. */
  bytes(): Uint8Array<ArrayBuffer>;
}

export function memorySink(): MemorySink {
  const parts: Uint8Array[] = [];
  let size = 0;
  return {
    async write(bytes) {
      parts.push(bytes.slice());
      size += bytes.length;
    },
    bytes() {
      const all = new Uint8Array(size);
      let offset = 0;
      for (const part of parts) {
        all.set(part, offset);
        offset += part.length;
      }
      return all;
    },
  };
}

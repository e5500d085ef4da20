// Reads of a thread that cannot open the model file itself: it asks the device by message.

import type { ByteSource } from '../../model/byte-source.ts';
import { fromFailure } from './failure.ts';
import type { Failure, FromThread, Port, ToThread } from './messages.ts';

export class RemoteReads {
  private readonly port: Port<FromThread, ToThread>;
  private readonly waiting = new Map<
    number,
    { target: Uint8Array; resolve: () => void; reject: (error: Error) => void }
  >();
  private requests = 0;

  constructor(port: Port<FromThread, ToThread>) {
    this.port = port;
  }

  source(name: string, size: number): ByteSource {
    return {
      name,
      size,
      readInto: (offset, target) =>
        new Promise((resolve, reject) => {
          const request = this.requests++;
          this.waiting.set(request, { target, resolve, reject });
          this.port.post({ type: 'read', request, offset, length: target.length });
        }),
      close: async () => {},
    };
  }

  arrived(request: number, bytes: Uint8Array): void {
    const read = this.waiting.get(request);
    this.waiting.delete(request);
    read?.target.set(bytes);
    read?.resolve();
  }

  refused(request: number, failure: Failure): void {
    const read = this.waiting.get(request);
    this.waiting.delete(request);
    read?.reject(fromFailure(failure));
  }
}

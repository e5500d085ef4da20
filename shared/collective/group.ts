// Who takes part in a collective: ranks that can send each other messages, in order. It knows neither links nor frames.

export interface Group {
  readonly size: number;
  /** This node's place in the group: 0 to size − 1. */
  readonly rank: number;
  /** The bytes must not be changed afterwards. */
  send(to: number, bytes: Uint8Array): void;
  /** The next message of that rank: at once if it is here already. Rejects or throws if the group has broken. */
  receive(from: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
}

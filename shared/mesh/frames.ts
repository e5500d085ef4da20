// What a frame's first byte says it is. The heartbeat takes the pings; what the others hold is for the cluster to know.

export const FrameKind = {
  ping: 0,
  /** JSON. */
  control: 1,
  step: 2,
  sync: 3,
  hop: 4,
  answer: 5,
  chunk: 6,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

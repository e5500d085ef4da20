/** The upper one of two in the middle; of nothing undefined. */
export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

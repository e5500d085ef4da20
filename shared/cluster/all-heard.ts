/** Like Promise.all; of several that fail the first is told, and none is left unhandled. */
export function allHeard<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  for (const promise of promises) promise.catch(() => {});
  return Promise.all(promises);
}

// Three functions that a library of certificates looks for in `Reflect` before it loads. It asks them what decorators
// noted about the parameters of constructors, and none of its classes has any, so the answer is always: nothing.

if (!('getMetadata' in Reflect)) {
  const nothing = (): undefined => undefined;
  Object.assign(Reflect, { getMetadata: nothing, getOwnMetadata: nothing, defineMetadata: nothing });
}

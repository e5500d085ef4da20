// top-k's share of arithmetic: the sum of exponentials. Choosing the k largest is done where k is known.

import { exp4, maxLanes, sumLanes } from './vector';

/** The largest of `count` f32. */
export function largest(values: usize, count: usize): f32 {
  let best = f32x4.splat(-Infinity);
  const end = values + count * 4;
  for (; values + 16 <= end; values += 16) best = f32x4.max(best, v128.load(values));
  let result = maxLanes(best);
  for (; values < end; values += 4) result = max(result, load<f32>(values));
  return result;
}

/** Σ e^(value − shift) over `count` f32, in double precision across vectors. */
export function sumOfExponentials(values: usize, count: usize, shift: f32): f64 {
  const shifts = f32x4.splat(shift);
  let sum: f64 = 0;
  const end = values + count * 4;
  for (; values + 16 <= end; values += 16) sum += sumLanes(exp4(f32x4.sub(v128.load(values), shifts)));
  for (; values < end; values += 4) sum += f32x4.extract_lane(exp4(f32x4.splat(load<f32>(values) - shift)), 0);
  return sum;
}

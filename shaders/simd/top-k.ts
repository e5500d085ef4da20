// top-k: which are the k largest of a row of logits, in order, and the sum of the row's exponentials.
//
// A row has room up to a multiple of eight. First `prepareLogits` makes it a row that can be compared: without NaN, but
// for the room behind it. Then a caller may set values to NaN that are to be left out: comparisons never find them, and
// sums pass over them.

import { exp4, maxLanes } from './vector';

/** How many of `count` f32 were NaN, each of which is −Infinity now. */
export function prepareLogits(values: usize, count: usize): usize {
  const last = values + ((count + 7) & ~7) * 4;
  for (let p = values + count * 4; p < last; p += 4) store<f32>(p, -Infinity);
  const least = f32x4.splat(-Infinity);
  let found0 = i32x4.splat(0), found1 = found0;
  for (let p = values; p < last; p += 32) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    found0 = i32x4.sub(found0, f32x4.ne(a, a));
    found1 = i32x4.sub(found1, f32x4.ne(b, b));
    v128.store(p, f32x4.pmax(least, a));
    v128.store(p, f32x4.pmax(least, b), 16);
  }
  for (let p = values + count * 4; p < last; p += 4) store<f32>(p, NaN);
  return sumIntegers(i32x4.add(found0, found1));
}

/** Σ e^(value − largest) over a prepared row, in double precision across vectors. Leaves the exponentials in its place. */
export function sumOfExponentials(values: usize, count: usize, largest: f32): f64 {
  const least = f32x4.splat(-Infinity);
  const shift = f32x4.splat(largest);
  const end = values + count * 4;
  for (let p = values; p < end; p += 32) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const e0 = exp4(f32x4.sub(f32x4.pmax(least, a), shift));
    const e1 = exp4(f32x4.sub(f32x4.pmax(least, b), shift));
    v128.store(p, e0);
    v128.store(p, e1, 16);
  }
  let low = f64x2.splat(0), high = low;
  for (let p = values; p < end; p += 32) {
    const both = f32x4.add(v128.load(p), v128.load(p, 16));
    low = f64x2.add(low, f64x2.promote_low_f32x4(both));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(both, both, 2, 3, 0, 1)));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Bytes of a row of which one vector pair has the largest of each lane. */
const BLOCK: usize = 128;
/** Counters of one digit of eight bits. */
const DIGIT: usize = 1024;
const COUNTERS: usize = DIGIT * 4;

/**
 * The `k` largest of a prepared row of `count` f32, of which no fewer than k are not NaN: larger ones first, of equals
 * the one that stands first. out: their places, counted from `first`, k i32; then the values, k f32.
 * scratch: 4,096 bytes, and 17 for each f32 of the row rounded up to 32.
 */
export function topK(values: usize, count: usize, k: usize, first: i32, out: usize, scratch: usize): void {
  const end = values + ((count + 7) & ~7) * 4;
  const room = (count + 31) & ~31;
  const maxima = scratch + COUNTERS;
  const entries = maxima + room;
  const maximaEnd = blockMaxima(values, end, maxima);
  const most = largest(maxima, maximaEnd);
  // The k-th largest of the blocks' maxima is not larger than the k-th of all, and where there are many, little smaller.
  const many = maximaEnd - maxima >= k * 8;
  const limit = many ? nearKth(maxima, maximaEnd, k, most) : nearKth(values, end, k, most);
  const found = collect(values, end, limit, entries);
  const order = sort(entries, found, entries + room * 8, scratch);
  for (let i: usize = 0; i < k; i++) {
    const place = load<u32>(order + i * 8);
    store<i32>(out + i * 4, first + place);
    store<f32>(out + (k + i) * 4, load<f32>(values + usize(place) * 4));
  }
}

/** Of every block the largest of eight lanes each; returns the end of what was written. */
function blockMaxima(values: usize, end: usize, maxima: usize): usize {
  const least = f32x4.splat(-Infinity);
  while (values < end) {
    let best0 = least, best1 = least;
    for (const blockEnd = min(values + BLOCK, end); values < blockEnd; values += 32) {
      const a = v128.load(values);
      const b = v128.load(values, 16);
      best0 = f32x4.pmax(best0, a);
      best1 = f32x4.pmax(best1, b);
    }
    v128.store(maxima, best0);
    v128.store(maxima, best1, 16);
    maxima += 32;
  }
  return maxima;
}

function largest(values: usize, end: usize): f32 {
  let best0 = f32x4.splat(-Infinity), best1 = best0;
  for (; values < end; values += 32) {
    const a = v128.load(values);
    const b = v128.load(values, 16);
    best0 = f32x4.pmax(best0, a);
    best1 = f32x4.pmax(best1, b);
  }
  return maxLanes(f32x4.pmax(best0, best1));
}

/** A number that at least `k` values reach, and not many more unless they are equal; `most` is the largest of them. */
function nearKth(values: usize, end: usize, k: usize, most: f32): f32 {
  // Between numbers as integers in the same order, so that any two floats are at most 32 halvings apart.
  let low = ordered(-Infinity);
  let high = ordered(most);
  if (k == 1) low = high;
  while (low < high) {
    const middle = i32(low + i32((u32(high - low) + 1) >> 1));
    const reach = countFrom(values, end, floatOf(middle));
    if (reach < k) {
      high = middle - 1;
    } else {
      low = middle;
      if (reach - k <= k / 8) break;
    }
  }
  return floatOf(low);
}

// @ts-ignore: decorator
@inline
function ordered(value: f32): i32 {
  const bits = reinterpret<i32>(value);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

// @ts-ignore: decorator
@inline
function floatOf(ordered: i32): f32 {
  return reinterpret<f32>(ordered ^ ((ordered >> 31) & 0x7fffffff));
}

/** How many values are no less than `limit`. */
function countFrom(values: usize, end: usize, limit: f32): usize {
  const limits = f32x4.splat(limit);
  let count0 = i32x4.splat(0), count1 = count0;
  for (; values < end; values += 32) {
    const a = v128.load(values);
    const b = v128.load(values, 16);
    count0 = i32x4.sub(count0, f32x4.ge(a, limits));
    count1 = i32x4.sub(count1, f32x4.ge(b, limits));
  }
  return sumIntegers(i32x4.add(count0, count1));
}

// @ts-ignore: decorator
@inline
function sumIntegers(v: v128): i32 {
  const pairs = i32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** An entry for each value that is no less than `limit`: its place, and a key that is the less the larger the value is. */
function collect(values: usize, end: usize, limit: f32, entries: usize): usize {
  const limits = f32x4.splat(limit);
  let to = entries;
  for (let p = values; p < end; p += 32) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    let mask = i32x4.bitmask(f32x4.ge(a, limits)) | (i32x4.bitmask(f32x4.ge(b, limits)) << 4);
    for (; mask; mask &= mask - 1, to += 8) {
      const at = p + usize(ctz(mask)) * 4;
      store<u32>(to, u32((at - values) / 4));
      store<i32>(to + 4, ~ordered(load<f32>(at) + 0) ^ i32.MIN_VALUE); // adding 0 makes −0 equal to it
    }
  }
  return (to - entries) / 8;
}

/** Sorts by key and leaves equal ones as they were: by one digit after the other, the lowest first. Returns where. */
function sort(entries: usize, count: usize, spare: usize, counters: usize): usize {
  memory.fill(counters, 0, COUNTERS);
  for (let i: usize = 0; i < count; i++) {
    const key = load<u32>(entries + i * 8 + 4);
    for (let digit: usize = 0; digit < 4; digit++) increment(counters + digit * DIGIT + digitOf(key, digit));
  }
  for (let digit: usize = 0; digit < 4; digit++, counters += DIGIT) {
    const common = digitOf(load<u32>(entries + 4), digit);
    if (load<u32>(counters + common) == u32(count)) continue;
    let sum: u32 = 0;
    for (let c: usize = 0; c < DIGIT; c += 4) {
      const before = sum;
      sum += load<u32>(counters + c);
      store<u32>(counters + c, before);
    }
    for (let i: usize = 0; i < count; i++) {
      const entry = load<u64>(entries + i * 8);
      const counter = counters + digitOf(u32(entry >> 32), digit);
      store<u64>(spare + usize(load<u32>(counter)) * 8, entry);
      increment(counter);
    }
    const emptied = entries;
    entries = spare;
    spare = emptied;
  }
  return entries;
}

/** A digit of `key` as the place of its counter. */
// @ts-ignore: decorator
@inline
function digitOf(key: u32, digit: usize): usize {
  return usize((key >> u32(digit * 8)) & 255) * 4;
}

// @ts-ignore: decorator
@inline
function increment(counter: usize): void {
  store<u32>(counter, load<u32>(counter) + 1);
}

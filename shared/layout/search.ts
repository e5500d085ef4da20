// The search for the fastest layout of the goal `auto`: which of the nodes take part, in how many stages.

import type { Bytes } from '../units.ts';
import { type ArrangeInputs, arrange, type Placement } from './arrange.ts';
import { speedOf } from './cut-stage.ts';
import { deals, evenCounts } from './deal.ts';
import type { NodeCapacity } from './layout.ts';
import { cacheBytes, feedForwardWidth, weightBytes } from './memory.ts';
import { wholeSlice } from './slice.ts';

/** What is measured of a node varies by 10 %, so predictions that differ by less are alike; then the layout of fewer nodes is the better one. */
export const ALIKE = 1.1;

const ms = (placement: Placement): number => placement.predicted.msPerToken;
export const nodeCount = ({ stages }: Placement): number => stages.reduce((sum, ranks) => sum + ranks.length, 0);

export const fastest = (found: readonly (Placement | undefined)[]): Placement | undefined =>
  found.reduce((best, one) => (one && (!best || ms(one) < ms(best)) ? one : best), undefined);

/** Deals whose syncs take no longer than that much more than those of the best are alike in links. */
const ALIKE_IN_LINKS = 1.1;

/**
 * A placement with stages of `counts` ranks, just as was asked for: with stages about equally fast if memory allows and
 * no other deal makes better use of the links. One sequence alone would be served faster by unlike stages, but who asks
 * for a pipeline may mean to keep it full.
 */
export function forcedDeal(
  inputs: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  counts: readonly number[],
): Placement | undefined {
  const placements = deals(nodes, counts, inputs.links)
    .map((stages) => arrange(inputs, stages, true))
    .filter((placement) => placement !== undefined);
  const least = Math.min(...placements.map(({ predicted }) => predicted.syncMs));
  return placements.find(({ predicted }) => predicted.syncMs <= least * ALIKE_IN_LINKS);
}

/** Subsets of `size` nodes: the first of all, and the fastest of the others, or those with most memory, or the nearest. */
export function subsets(inputs: ArrangeInputs, nodes: readonly NodeCapacity[], size: number): NodeCapacity[][] {
  const [first, ...others] = nodes;
  const trip = new Map(others.map((node) => [node, inputs.links(first.id, node.id).roundTripMs]));
  const orders = [
    others.toSorted((a, b) => speedOf(b) - speedOf(a)),
    others.toSorted((a, b) => b.freeBytes - a.freeBytes),
    others.toSorted((a, b) => (trip.get(a) ?? 0) - (trip.get(b) ?? 0)),
  ];
  return orders.map((order) => {
    const chosen = new Set(order.slice(0, size - 1));
    return nodes.filter((node) => node === first || chosen.has(node));
  });
}

export class LayoutSearch {
  private readonly inputs: ArrangeInputs;
  private readonly nodes: readonly NodeCapacity[];
  /** No layout needs less memory, nor reads less for a token. */
  private readonly leastBytes: Bytes;
  private readonly readBytes: Bytes;
  private readonly bySet = new Map<string, Placement | undefined>();

  /** `nodes`: all that there are, the root first. */
  constructor(inputs: ArrangeInputs, nodes: readonly NodeCapacity[]) {
    this.inputs = inputs;
    this.nodes = nodes;
    const { header, memory } = inputs;
    const whole = { ...wholeSlice(header), hidden: { start: 0, end: feedForwardWidth(header) } };
    this.leastBytes =
      weightBytes(header, whole) + memory.slots * header.layers * header.kvHeads * cacheBytes(header, header.seqLen);
    this.readBytes = header.experts > 0 ? 0 : weightBytes(header, whole); // of experts a token reads a few
  }

  /**
   * Nodes are looked at in the order given, and what is found for all of them is never predicted slower than what was
   * found for all but the last. So a node that joins never makes it slower, not even by the 10 % that fewer nodes may cost.
   */
  find(): Placement | undefined {
    let found: Placement | undefined;
    for (let count = 1; count <= this.nodes.length; count++) {
      found = this.choose(this.leastOutside(count), found);
    }
    return found;
  }

  /** Whether `find` will find one. */
  fits(): boolean {
    const count = this.nodes.length;
    return this.nodes.some((_, first) => {
      const nodes = this.nodes.slice(first);
      // The more nodes, the sooner it fits.
      return nodes.some((_, out) => subsets(this.inputs, nodes, count - first - out).some((set) => this.best(set)));
    });
  }

  /** Candidates among the first `count` nodes. A root without memory for any slice still leads, but from outside. */
  private leastOutside(count: number): Placement[] {
    for (let first = 0; first < count; first++) {
      const found = this.candidates(this.nodes.slice(first, count));
      if (found.length > 0) return found;
    }
    return [];
  }

  /** The fastest layout in which exactly these nodes take part, the first as leader. */
  best(nodes: readonly NodeCapacity[]): Placement | undefined {
    if (nodes.length === 0) return undefined;
    const key = JSON.stringify(nodes.map(({ id }) => id));
    if (!this.bySet.has(key)) this.bySet.set(key, this.bestShape(nodes));
    return this.bySet.get(key);
  }

  private bestShape(nodes: readonly NodeCapacity[]): Placement | undefined {
    const { header, links } = this.inputs;
    if (nodes.reduce((sum, { freeBytes }) => sum + (freeBytes || 0), 0) < this.leastBytes) return undefined;
    let best: Placement | undefined;
    for (let stages = 1; stages <= Math.min(nodes.length, header.layers); stages++) {
      for (const deal of deals(nodes, evenCounts(nodes.length, stages), links)) {
        // Reading the weights takes that long even in the fastest of the stages.
        const speed = Math.max(...deal.map((ranks) => ranks.reduce((sum, node) => sum + speedOf(node), 0)));
        if (best && (1000 * this.readBytes) / speed >= ms(best)) continue;
        best = fastest([best, arrange(this.inputs, deal, false)]);
      }
    }
    return best;
  }

  private candidates(nodes: readonly NodeCapacity[]): Placement[] {
    const sets = nodes.flatMap((_, i) => subsets(this.inputs, nodes, i + 1));
    return [...new Set(sets.map((set) => this.best(set)))].filter((placement) => placement !== undefined);
  }

  /** The fewest nodes among the candidates that are about as fast as the fastest; less any that is better away. */
  private choose(candidates: readonly Placement[], before: Placement | undefined): Placement | undefined {
    const pool = new Set(before ? [...candidates, before] : candidates);
    const tried = new Set<Placement>();
    for (;;) {
      const best = fastest([...pool]);
      if (!best) return undefined;
      const limit = Math.min(ms(best) * ALIKE, before ? ms(before) : Number.POSITIVE_INFINITY);
      const alike = [...pool].filter((one) => ms(one) <= limit);
      const chosen = alike.reduce((a, b) => {
        const fewer = nodeCount(b) - nodeCount(a);
        return fewer < 0 || (fewer === 0 && ms(b) < ms(a)) ? b : a;
      });
      const next = [best, chosen].find((one) => !tried.has(one));
      if (!next) return chosen;
      tried.add(next);
      for (const without of this.withoutOne(next)) pool.add(without);
    }
  }

  private withoutOne({ stages }: Placement): Placement[] {
    const part = new Set(stages.flat().map(({ node }) => node));
    const nodes = this.nodes.filter((node) => part.has(node));
    return nodes
      .slice(1)
      .map((out) => this.best(nodes.filter((node) => node !== out)))
      .filter((placement) => placement !== undefined);
  }
}

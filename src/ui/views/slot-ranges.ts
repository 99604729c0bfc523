// The number of ranges in the slot map of a cluster, and the note when there are too many. Pure.
import type { ClusterView } from '../../cluster/view.js';

/** Number of ranges per master above which a slot map counts as fragmented. */
export const MANY_RANGES = 16;

/** Ranges of all masters together: what every client loads at each refresh of its map. */
export function rangesOf({ masters }: ClusterView): number {
  return masters.reduce((sum, { slots }) => sum + slots.ranges().length, 0);
}

/** `3 ranges`. */
export function rangesText(view: ClusterView): string {
  const ranges = rangesOf(view);
  return ranges === 1 ? '1 range' : `${ranges} ranges`;
}

/** The note about a fragmented slot map; undefined when there are few ranges. */
export function fragmentedNote(view: ClusterView): string | undefined {
  const owners = view.masters.filter(({ slots }) => slots.size > 0).length;
  const ranges = rangesOf(view);
  return ranges <= owners * MANY_RANGES ? undefined : `the slot map has ${ranges} ranges, which every client loads: redis-trib rebalance ${view.entry.name} --defragment reduces them`;
}

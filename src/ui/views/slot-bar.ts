// The part of the 16384 slots that a node owns, drawn as one row of blocks. Pure.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { SlotSet } from '../../cluster/slot-set.js';

const FILL = [' ', '░', '▒', '▓', '█'] as const;

/** `width` blocks, each as dark as its share of slots in the set. */
export function slotBar(slots: SlotSet, width: number): string {
  const counts = new Array<number>(width).fill(0);
  for (const slot of slots) {
    const block = Math.floor((slot * width) / SLOT_COUNT);
    counts[block] = (counts[block] ?? 0) + 1;
  }
  const perBlock = SLOT_COUNT / width;
  return counts.map((count) => FILL[count === 0 ? 0 : Math.max(1, Math.round((count / perBlock) * 4))] ?? '█').join('');
}

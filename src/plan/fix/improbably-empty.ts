// Whether it is plausible that all uncovered slots without keys are really empty, judged by the other slots. A live master
// that all other nodes have forgotten (CLUSTER FORGET) is listed by no node: its slots look empty. Pure.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ClusterView } from '../../cluster/view.js';
import type { SlotFacts, SlotKeyCounts } from './facts.js';

/** A probability is negligible when it is at most e to the power of minus this. */
const IMPROBABLE = 20;

export interface ImprobablyEmpty {
  /** Number of uncovered slots without keys and without a known owner. */
  readonly slots: number;
  /** Average number of keys of a covered slot. */
  readonly keysPerSlot: number;
}

/** Without owner and keys, and no node lists an owner: the reason is unknown. */
export function isUnexplained({ claimants, holders, absent, believed }: SlotFacts): boolean {
  return claimants.length + holders.length === 0 && absent === undefined && believed === undefined;
}

/**
 * Set when it is improbable that all unexplained slots are empty. The probability that one slot is empty is taken as the share
 * of covered slots without keys; hash tags do not distort this share, unlike the average number of keys.
 */
export function improbablyEmpty(view: ClusterView, counts: SlotKeyCounts, facts: readonly SlotFacts[]): ImprobablyEmpty | undefined {
  const slots = facts.filter(isUnexplained).length;
  const covered = view.covered();
  if (slots === 0 || covered.size === 0) return undefined;
  let [filled, keys] = [0, 0];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (!covered.has(slot)) continue;
    const here = view.masters.reduce((sum, { id }) => sum + (counts.get(id)?.[slot] ?? 0), 0);
    if (here > 0) filled++;
    keys += here;
  }
  if (-slots * Math.log(1 - filled / (covered.size + 1)) < IMPROBABLE) return undefined;
  return { slots, keysPerSlot: keys / covered.size };
}

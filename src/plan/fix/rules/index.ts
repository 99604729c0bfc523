// All rules of fix. For a new rule add a file in this folder, a line here, and a code in plan/fix/step.ts; with a new consent
// or step, see CONTRIBUTING.md. Exactly one rule about single slots applies to a slot with a problem, so their order does not
// matter to decisions. Questions are asked in this order.
import type { SlotRepair } from '../repair.js';
import type { ClusterRule, SlotCase, SlotRule } from '../rule.js';
import { chooseOwner } from './choose-owner.js';
import { closeAbsent } from './close-absent.js';
import { closeOpen } from './close-open.js';
import { closeReplica } from './close-replica.js';
import { coverEmpty } from './cover-empty.js';
import { coverForgotten } from './cover-forgotten.js';
import { coverHolder } from './cover-holder.js';
import { coverMoving } from './cover-moving.js';
import { finishMove } from './finish-move.js';
import { gatherOpen } from './gather-open.js';
import { gatherStray } from './gather-stray.js';
import { tellOwner } from './tell-owner.js';
import { undoMove } from './undo-move.js';

export const SLOT_RULES: readonly SlotRule[] = [chooseOwner, undoMove, finishMove, gatherOpen, gatherStray, closeAbsent, closeOpen, coverForgotten, coverEmpty, coverHolder, coverMoving];

export const CLUSTER_RULES: readonly ClusterRule[] = [closeReplica, tellOwner];

/** The repair of one slot. Throws Error when no rule applies: a slot without a problem was passed. */
export function repairSlot(slot: SlotCase): SlotRepair {
  for (const rule of SLOT_RULES) {
    const repair = rule.repair(slot);
    if (repair !== undefined) return repair;
  }
  throw new Error(`no rule of fix applies to slot ${slot.facts.slot}`);
}

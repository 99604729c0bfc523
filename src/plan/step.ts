// The content of a plan: plain JSON data that can be shown, saved, reviewed and applied later. Nodes are identified by id. Not
// here: making plans (create.ts, reshard.ts, …), carrying them out (apply/).
import type { SlotRange } from '../cluster/slot-set.js';
import type { NodeStep } from './node-steps.js';

/** One action. Adjacent steps of the same kind may be carried out together; different kinds keep their order. */
export type Step =
  | NodeStep
  | { readonly kind: 'add-slots'; readonly node: string; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'set-config-epoch'; readonly node: string; readonly epoch: number }
  /** CLUSTER MEET of `peer` on `node`. */
  | { readonly kind: 'meet'; readonly node: string; readonly peer: string }
  /** Waits until every node of the plan knows all others and agrees about the slots. */
  | { readonly kind: 'await-agreement' }
  | { readonly kind: 'replicate'; readonly node: string; readonly master: string }
  /** Moves slots with their keys, in this order. */
  | { readonly kind: 'move-slots'; readonly source: string; readonly target: string; readonly slots: readonly SlotRange[] };

export type MoveStep = Extract<Step, { kind: 'move-slots' }>;

/** The fields of every plan. */
export interface PlanBase {
  readonly schema: 1;
  readonly steps: readonly Step[];
}

/** A decision of the planner that the user should know. */
export interface PlanNote {
  readonly code: string;
  readonly message: string;
}

/** Number of slots in a list of ranges. */
export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The slots of a list of ranges, in its order. */
export function* eachSlot(ranges: readonly SlotRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let slot = first; slot <= last; slot++) yield slot;
}

/** Number of slots that the move steps of a plan move. */
export function movedSlots(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'move-slots' ? countSlots(step.slots) : 0), 0);
}

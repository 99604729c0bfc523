// What a repair plan is made of: decisions a person reads, and the steps that carry them out. Plain JSON data, nodes by
// id. Not here: making decisions (decide.ts), carrying them out (apply/fix/).
import type { SlotRange } from '../../cluster/slot-set.js';

/**
 * One thing to do. The kinds are carried out in this order, all slots of a kind before the next kind begins:
 * - yield-slots: `node` stops owning the slots and keeps its keys of them, marked as importing from `owner`. Before
 *   anything else, because a master that learns by gossip of a newer owner deletes its keys (cluster-node 3.4.2).
 * - claim-slots: `node` owns the slots from now on, with an epoch above all others.
 * - tell-owner: all masters are told who owns the slots.
 * - close-slots: `node` forgets that the slots are open. Before keys move: an owner that still migrates a slot doesn't
 *   take keys of it, it sends whoever brings them to the slot's destination.
 * - gather-keys: keys of slots that `source` doesn't own go to `target`, which serves them.
 * - finish-move: what an interrupted reshard left open is carried to its end.
 */
export type FixStep =
  | { readonly kind: 'yield-slots'; readonly node: string; readonly owner: string; readonly disown: boolean; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'claim-slots'; readonly node: string; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'tell-owner'; readonly owner: string; readonly slots: readonly SlotRange[] }
  /** `importing`: the target doesn't own the slots yet, it takes them over from this node (by a finish-move later on). */
  | { readonly kind: 'gather-keys'; readonly source: string; readonly target: string; readonly importing: string | null; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'finish-move'; readonly source: string; readonly target: string; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'close-slots'; readonly node: string; readonly slots: readonly SlotRange[] };

/**
 * safe: no key and no ownership is at stake, done without asking. careful: a choice with a sensible answer, asked unless
 * `--yes`. dangerous: may make one node's view of the data win over another's; needs an answer or a flag of its own.
 */
export type Danger = 'safe' | 'careful' | 'dangerous';

export type DecisionCode =
  /** Cases 1 and 3a: the move that is under way is carried to its end. */
  | 'finish-move'
  /** Case 2: keys go back to the one owner, marks are removed. */
  | 'gather-open'
  /** Cases 3b and 4: nothing to move, marks are removed. */
  | 'close-open'
  /** As close-open, where the other side cannot be reached and may hold keys. */
  | 'close-absent'
  /** Keys outside their slot, nothing open. */
  | 'gather-stray'
  /** Uncovered: keys nowhere, on one node, on several nodes. */
  | 'cover-empty'
  | 'cover-holder'
  | 'cover-moving'
  /** Several masters claim the slot. */
  | 'choose-owner'
  /** One owner, but other masters name another. */
  | 'tell-owner';

/** The same repair of one or many slots. */
export interface Decision {
  readonly code: DecisionCode;
  readonly danger: Danger;
  readonly slots: readonly SlotRange[];
  /** Who owns the slots afterwards. */
  readonly owner: string;
  /** Masters that hold keys to be moved, with the number of keys in all slots of the decision. */
  readonly holders: readonly { readonly node: string; readonly keys: number }[];
  /** Masters that claim the slots now. */
  readonly claimants: readonly string[];
  readonly migrating: readonly string[];
  readonly importing: readonly string[];
  /** From whom an unfinished move takes the slots. */
  readonly source: string | null;
  /** The last known owner, when it cannot be reached. */
  readonly absent: string | null;
  readonly action: string;
  readonly reason: string;
}

/** Why nothing (or not everything) is repaired. */
export interface Refusal {
  readonly code: 'UNREACHABLE_MASTERS' | 'OPEN_ON_REPLICA' | 'NO_MASTER' | 'DISAGREEMENT';
  readonly message: string;
  readonly hint: string;
}

export interface FixPlan {
  readonly schema: 1;
  readonly kind: 'fix';
  readonly decisions: readonly Decision[];
  readonly steps: readonly FixStep[];
  readonly refusals: readonly Refusal[];
}

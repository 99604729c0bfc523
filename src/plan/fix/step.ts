// The content of a repair plan: decisions for display, and the steps that carry them out. Plain JSON data, nodes by id. Not
// here: making decisions (rules/), carrying them out (apply/fix/).
import type { SlotRange } from '../../cluster/slot-set.js';

/**
 * One action. The kinds are carried out in this order, all slots of a kind before the next kind begins:
 * - yield-slots: `node` stops owning the slots and keeps their keys, marked as importing from `owner` (on servers where an
 *   importing node takes the slots over, slot-transaction.ts: marked only just before its keys are gathered). First, because a
 *   master that learns by gossip of a newer owner deletes its keys (cluster-node.md 3.4.2).
 * - claim-slots: `node` owns the slots from now on, with an epoch above all others.
 * - tell-owner: all masters get the owner of the slots.
 * - close-slots: removes the open state from `node`. Before keys move: an owner that still migrates a slot does not accept
 *   keys of it, but redirects them to the slot's destination.
 * - gather-keys: keys of slots that `source` does not own move to `target`, which serves them.
 * - finish-move: completes an interrupted move.
 */
export type FixStep =
  | { readonly kind: 'yield-slots'; readonly node: string; readonly owner: string; readonly disown: boolean; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'claim-slots'; readonly node: string; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'tell-owner'; readonly owner: string; readonly slots: readonly SlotRange[] }
  /** `importing`: the target does not own the slots yet; a later finish-move takes them from this node. */
  | { readonly kind: 'gather-keys'; readonly source: string; readonly target: string; readonly importing: string | null; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'finish-move'; readonly source: string; readonly target: string; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'close-slots'; readonly node: string; readonly slots: readonly SlotRange[] };

/**
 * safe: no key and no ownership is at risk; done without asking. careful: a choice with a sensible default; asked unless
 * `--yes`. dangerous: one node's data may replace another's; requires an answer or its own flag.
 */
export type Danger = 'safe' | 'careful' | 'dangerous';

/** "Case" is a case of fix in redis-cli (the table in cli.md 2.5). */
export type DecisionCode =
  /** Cases 1 and 3a: the unfinished move is completed. */
  | 'finish-move'
  /** Cases 1 and 3a, when the move cannot or must not be completed: keys that have arrived move back. */
  | 'undo-move'
  /** Case 2: keys move back to the only owner, marks are removed. */
  | 'gather-open'
  /** Cases 3b and 4: nothing to move, marks are removed. */
  | 'close-open'
  /** Open on a replica only: its master replicates the command that closes it. */
  | 'close-replica'
  /** As close-open, when the other node is unreachable and may hold keys. */
  | 'close-absent'
  /** Keys on the wrong node, nothing open. */
  | 'gather-stray'
  /** Uncovered, and no node holds keys. */
  | 'cover-empty'
  /** As cover-empty, when it is improbable that so many slots are really empty. */
  | 'cover-forgotten'
  /** Uncovered, and one master holds keys. */
  | 'cover-holder'
  /** Uncovered, and several masters hold keys. */
  | 'cover-moving'
  /** Several masters claim the slot. */
  | 'choose-owner'
  /** One owner, but other masters list another. */
  | 'tell-owner';

/** One repair, of one or many slots. */
export interface Decision {
  readonly code: DecisionCode;
  readonly danger: Danger;
  readonly slots: readonly SlotRange[];
  /** The owner afterwards. */
  readonly owner: string;
  /** Masters whose keys move, with the number of keys in all slots of the decision. */
  readonly holders: readonly { readonly node: string; readonly keys: number }[];
  /** Masters that claim the slots. */
  readonly claimants: readonly string[];
  readonly migrating: readonly string[];
  readonly importing: readonly string[];
  /** The source of an unfinished move; for close-replica the replica's master, which gets the command. */
  readonly source: string | null;
  /** The last known owner when it is unreachable. */
  readonly absent: string | null;
  readonly action: string;
  readonly reason: string;
}

/** Why nothing (or not everything) is repaired. */
export interface Refusal {
  readonly code: 'SAME_ID' | 'UNREACHABLE_MASTERS' | 'MASTER_ALIVE' | 'PARTLY_KNOWN' | 'ONLY_ON_REPLICA' | 'OPEN_ON_REPLICA' | 'NO_MASTER' | 'DISAGREEMENT';
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

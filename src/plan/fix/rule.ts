// What a rule of fix is. One file in rules/ holds one rule; rules/index.ts lists them. Pure.
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { SlotFacts } from './facts.js';
import type { ImprobablyEmpty } from './improbably-empty.js';
import type { SlotRepair } from './repair.js';
import type { Decision, DecisionCode } from './step.js';

/** The answers that a caller can give beforehand. */
export type ConsentName = 'chooseOwner' | 'undoMoves' | 'closeAbsent' | 'coverEmpty' | 'coverForgotten' | 'coverHolder' | 'coverMoving';

/** How the decisions of a rule are consented to; only those that are not safe need it. */
export interface RuleConsent {
  readonly name: ConsentName;
  /** The question about all slots of the decisions. */
  readonly question: string;
  /** `--yes` accepts. If false, only an answer to this question or the rule's own flag does, and a no ends the repair. */
  readonly byYes: boolean;
  /**
   * Answers from a pipe do not count: without a terminal and without the flag the repair is refused with the reason of the
   * decision and this advice, to which the caller appends the flag.
   */
  readonly refusal?: string;
}

/**
 * Why keys cannot move between the nodes of an unfinished move, by pairOf(source, target) of unfinished-move.ts; pairs without
 * an entry can.
 */
export interface MoveObstacles {
  readonly forward: ReadonlyMap<string, string>;
  readonly back: ReadonlyMap<string, string>;
}

/** How to treat unfinished moves. */
export interface MoveChoice {
  /** Close them instead of completing them. */
  readonly undo?: boolean;
  readonly obstacles?: MoveObstacles;
}

/** A slot with a problem. */
export interface SlotCase {
  readonly view: ClusterView;
  readonly facts: SlotFacts;
  /** The master that gets the slot when no master claims it and no node holds keys of it. */
  readonly assignee: ClusterNode;
  readonly moves: MoveChoice;
  /** Set when it is improbable that all slots without owner and keys are really empty. */
  readonly improbable: ImprobablyEmpty | undefined;
}

/** A rule about single slots. */
export interface SlotRule {
  readonly code: DecisionCode;
  readonly consent?: RuleConsent;
  /** The repair of the slot; undefined when the rule does not apply to it. */
  readonly repair: (slot: SlotCase) => SlotRepair | undefined;
}

/** What a rule about the whole cluster sees. */
export interface ClusterCase {
  readonly view: ClusterView;
  /** Slots that rules about single slots repair. */
  readonly troubled: ReadonlySet<number>;
  /** Ids of masters that replicate SETSLOT. */
  readonly replicating: ReadonlySet<string>;
}

/** A rule about the cluster as a whole. Its decisions are safe. */
export interface ClusterRule {
  readonly code: DecisionCode;
  readonly decisions: (cluster: ClusterCase) => readonly Decision[];
}

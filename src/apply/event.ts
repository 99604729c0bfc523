// What the appliers tell while they work: typed events, no text. Who shows them is ui's business.
import type { Step } from '../plan/step.js';

export interface EventNode {
  readonly id: string;
  readonly name: string;
}

export type ApplyEvent =
  | { readonly kind: 'stepStarted'; readonly index: number; readonly step: Step }
  | { readonly kind: 'stepDone'; readonly index: number; readonly step: Step }
  /** A slot is open on both sides: its keys are about to move. */
  | { readonly kind: 'slotOpened'; readonly slot: number; readonly source: EventNode; readonly target: EventNode }
  /** One MIGRATE is done. `bytes` is an estimate of the serialised size, `ms` how long the source was busy with it. */
  | {
      readonly kind: 'batchMoved';
      readonly slot: number;
      readonly source: EventNode;
      readonly target: EventNode;
      readonly keys: number;
      readonly bytes: number;
      readonly ms: number;
    }
  /** The servers move slots themselves (cli 6): sent at every look at such a job, with the state that the server tells. */
  | { readonly kind: 'jobSeen'; readonly id: string; readonly source: EventNode; readonly target: EventNode; readonly slots: number; readonly state: string; readonly ms: number }
  /** Such a job has ended well after `ms`. `keys`: in its slots when it began. `writePauseMs`: how long writes stood still, where the server tells. */
  | { readonly kind: 'jobDone'; readonly id: string; readonly source: EventNode; readonly target: EventNode; readonly slots: number; readonly keys: number; readonly ms: number; readonly writePauseMs?: number }
  /** The target owns the slot and everybody reachable was told. */
  | { readonly kind: 'slotClosed'; readonly slot: number; readonly source: EventNode; readonly target: EventNode; readonly keys: number }
  | { readonly kind: 'retry'; readonly node: EventNode; readonly slot?: number; readonly reason: string; readonly attempt: number; readonly delayMs: number }
  /** Something the user should know; work goes on. */
  | { readonly kind: 'warning'; readonly code: string; readonly message: string; readonly slot?: number; readonly key?: string }
  /** The move rests with nothing open after so many `slots` of its `total`; Ctrl-C ends it, `resumed` comes when it goes on. */
  | { readonly kind: 'paused'; readonly slots: number; readonly total: number }
  | { readonly kind: 'resumed' }
  /** Sent at every poll while waiting for nodes to join or agree; `waitedMs` since the start of the wait. */
  | { readonly kind: 'waiting'; readonly for: 'join' | 'agreement' | 'replication'; readonly waitedMs: number };

export type OnEvent = (event: ApplyEvent) => void;

/** What an apply did. */
export interface ApplyStats {
  /** Slots moved from start to end. */
  readonly slots: number;
  readonly keys: number;
  readonly bytes: number;
  readonly ms: number;
  readonly retries: number;
  readonly warnings: readonly string[];
  /** Longest pause of writes that a server told of a migration of its own; absent where there was none. */
  readonly writePauseMs?: number;
}

// Events of appliers: typed, without text. Displaying them is the task of ui.
import type { Step } from '../../plan/step.js';

export interface EventNode {
  readonly id: string;
  readonly name: string;
}

export type ApplyEvent =
  | { readonly kind: 'stepStarted'; readonly index: number; readonly step: Step }
  | { readonly kind: 'stepDone'; readonly index: number; readonly step: Step }
  /** A slot is open on both nodes; its keys are about to move. */
  | { readonly kind: 'slotOpened'; readonly slot: number; readonly source: EventNode; readonly target: EventNode }
  /** One MIGRATE is done. `bytes` is an estimate of the serialised size; `ms` is how long the source was blocked. */
  | {
      readonly kind: 'batchMoved';
      readonly slot: number;
      readonly source: EventNode;
      readonly target: EventNode;
      readonly keys: number;
      readonly bytes: number;
      readonly ms: number;
    }
  /** An atomic migration (cli.md 6): sent at every poll of the job, with the server's state. */
  | { readonly kind: 'jobSeen'; readonly id: string; readonly source: EventNode; readonly target: EventNode; readonly slots: number; readonly state: string; readonly ms: number }
  /**
   * The job has succeeded after `ms`. `keys`: in its slots at the start. `writePauseMs`: how long writes were blocked, if
   * reported.
   */
  | { readonly kind: 'jobDone'; readonly id: string; readonly source: EventNode; readonly target: EventNode; readonly slots: number; readonly keys: number; readonly ms: number; readonly writePauseMs?: number }
  /** The target owns the slot, and every reachable node has received its ownership. */
  | { readonly kind: 'slotClosed'; readonly slot: number; readonly source: EventNode; readonly target: EventNode; readonly keys: number }
  | { readonly kind: 'retry'; readonly node: EventNode; readonly slot?: number; readonly reason: string; readonly attempt: number; readonly delayMs: number }
  /** A warning for the user; work continues. */
  | { readonly kind: 'warning'; readonly code: string; readonly message: string; readonly slot?: number; readonly key?: string }
  /** The move is paused with no slot open after `slots` of `total`. `resumed` follows when it continues; Ctrl-C ends it. */
  | { readonly kind: 'paused'; readonly slots: number; readonly total: number }
  | { readonly kind: 'resumed' }
  /** Sent at every poll while waiting for nodes to join, agree, serve or copy; `waitedMs` since the start of the wait. */
  | { readonly kind: 'waiting'; readonly for: 'join' | 'agreement' | 'replication' | 'serving'; readonly waitedMs: number };

export type OnEvent = (event: ApplyEvent) => void;

/** Totals of an apply. */
export interface ApplyStats {
  /** Slots moved completely. */
  readonly slots: number;
  readonly keys: number;
  readonly bytes: number;
  readonly ms: number;
  readonly retries: number;
  readonly warnings: readonly string[];
  /** Longest pause of writes in an atomic migration, as the server reports it; absent when there was none. */
  readonly writePauseMs?: number;
  /** Keys that targets evicted meanwhile; absent unless a target evicts. */
  readonly evicted?: number;
}

// What is asked of a repair, what its steps share while they run, and what came of it. Not here: the steps (slot-orders.ts,
// carry-steps.ts) and their order (apply-fix.ts).
import type { ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError } from '../../errors.js';
import type { SlotKeyCounts } from '../../plan/fix/facts.js';
import type { FixStep } from '../../plan/fix/step.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { OnEvent } from '../event.js';
import { moverSettings } from '../mover/options.js';
import type { MoverSettings } from '../mover/options.js';
import type { NodeLink } from '../node-link.js';
import type { CopyFile } from './save-copies.js';
import type { ConflictPolicy, KeyConflictCase } from './settle-key.js';

export interface FixOptions {
  /** Timeout argument of MIGRATE, milliseconds; default 10000: a source stands still that long when its target hangs. */
  readonly timeoutMs?: number;
  /** Most keys in one MIGRATE; default 1000. */
  readonly pipeline?: number;
  /** How long to go on without progress after errors that may pass, milliseconds; default 10000. */
  readonly retryMs?: number;
  /** Replicas of a target that must have confirmed the keys of a slot before the target gets the slot; default 0. */
  readonly waitReplicas?: number;
  /** How long they may take, milliseconds; default 30000. */
  readonly waitReplicasMs?: number;
}

export interface FixRequest {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly steps: readonly FixStep[];
  /** What the steps were planned from: keys that are gone when their turn comes are warned of (KEYS_GONE). */
  readonly counts: SlotKeyCounts;
  readonly options: FixOptions;
  /** Asked for every key with two different copies. */
  onConflict(conflict: KeyConflictCase): Promise<ConflictPolicy>;
  /** Where copies go before they are given up. */
  readonly file: CopyFile;
  readonly onEvent: OnEvent;
  /** Stops between two batches of keys. */
  readonly signal: AbortSignal | undefined;
}

/** A slot that could not be repaired. */
export interface FixFailure {
  readonly slot: number;
  readonly step: FixStep['kind'];
  readonly message: string;
  readonly hint: string | undefined;
}

/** A key whose two copies both stay. */
export interface UnresolvedKey {
  readonly slot: number;
  readonly key: string;
  readonly nodes: readonly [served: string, other: string];
}

export interface FixOutcome {
  /** Keys that travelled. */
  readonly keys: number;
  /** Moves that were carried to their end. */
  readonly movesFinished: number;
  readonly failures: readonly FixFailure[];
  readonly unresolved: readonly UnresolvedKey[];
  /** Copies in the file. */
  readonly saved: number;
}

/** What the steps share while they run. */
export class FixRun {
  readonly settings: MoverSettings;
  readonly failures: FixFailure[] = [];
  readonly unresolved: UnresolvedKey[] = [];
  /** Slots no further step touches. */
  private readonly left = new Set<number>();
  keys = 0;
  movesFinished = 0;
  /** The user has left at a question: nothing new is begun. */
  stopped = false;

  constructor(readonly request: FixRequest) {
    const { timeoutMs = 10_000, pipeline = 1000, retryMs = 10_000, ...wait } = request.options;
    this.settings = moverSettings({ timeoutMs, pipeline, retryMs, ...wait }, request.onEvent, request.signal);
  }

  link(id: string): NodeLink {
    const link = this.request.links.get(id);
    if (link === undefined) throw new TribError('NO_SUCH_NODE', `Node ${id} is not connected`, { hint: 'run fix again' });
    return link;
  }

  name(id: string): string {
    return this.request.links.get(id)?.name ?? id;
  }

  /** Those of the slots that no earlier step has failed for. */
  open(slots: Iterable<number>): number[] {
    return [...slots].filter((slot) => !this.left.has(slot));
  }

  fail(step: FixStep['kind'], slots: readonly number[], error: unknown): void {
    const message = error instanceof ReplyError ? fromBinary(error.message) : error instanceof Error ? error.message : String(error);
    const hint = error instanceof TribError ? error.hint : undefined;
    for (const slot of slots) {
      if (this.left.has(slot)) continue;
      this.left.add(slot);
      this.failures.push({ slot, step, message, hint });
    }
  }

  /** Throws on when the user wants to stop, whatever the error is that says so. */
  stopIfTold(error: unknown): void {
    if (error instanceof TribError && error.exitCode === ExitCode.interrupted) this.stopped = true;
    if (this.stopped) throw error;
    this.request.signal?.throwIfAborted();
  }

  outcome(): FixOutcome {
    return { keys: this.keys, movesFinished: this.movesFinished, failures: this.failures, unresolved: this.unresolved, saved: this.request.file.count };
  }
}

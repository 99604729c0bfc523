// The request of a repair, the state its steps share, and its outcome. Not here: the steps (slot-commands.ts, key-moves.ts) and
// their order (apply-fix.ts).
import type { ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { oneLine } from '../../resp/visible.js';
import type { SlotKeyCounts } from '../../plan/fix/facts.js';
import type { FixStep } from '../../plan/fix/step.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { OnEvent } from '../node/event.js';
import { DEFAULT_PIPELINE, MAX_MIGRATE_TIMEOUT_MS } from '../mover/pacing/defaults.js';
import { moverSettings } from '../mover/pacing/options.js';
import type { MoverSettings } from '../mover/pacing/options.js';
import type { ClusterOptions, NodeLink } from '../node/node-link.js';
import type { CopyFile } from './save-copies.js';
import type { ConflictPolicy, KeyConflictCase } from './settle-key.js';

export interface FixOptions {
  /** Timeout argument of MIGRATE in milliseconds; default 10000. A hung target blocks the source that long. */
  readonly timeoutMs?: number;
  /** Maximum keys in one MIGRATE; default 1000. */
  readonly pipeline?: number;
  /** Milliseconds to retry transient errors without progress; default 10000. */
  readonly retryMs?: number;
  /** Replicas of a target that must have confirmed the keys of a slot before the target gets the slot; default 0. */
  readonly waitReplicas?: number;
  /** Milliseconds to wait for them; default 30000. */
  readonly waitReplicasMs?: number;
}

export interface FixRequest {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly steps: readonly FixStep[];
  /**
   * How to connect to owners that were unreachable, which are asked again before their slots are claimed; default without
   * credentials and TLS.
   */
  readonly access?: ClusterOptions;
  /** The key counts that the plan is based on. Keys that are gone when their step runs cause the warning KEYS_GONE. */
  readonly counts: SlotKeyCounts;
  readonly options: FixOptions;
  /** Called for every key with two different copies, for one at a time. */
  onConflict(conflict: KeyConflictCase): Promise<ConflictPolicy>;
  /** File for copies that are about to be overwritten or deleted. */
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

/** A key whose two copies are both kept. */
export interface UnresolvedKey {
  readonly slot: number;
  readonly database: number;
  readonly key: string;
  readonly nodes: readonly [served: string, other: string];
}

export interface FixOutcome {
  /** Number of keys moved, without copies that were deleted at their source. */
  readonly keys: number;
  /** Number of interrupted moves that were completed. */
  readonly movesFinished: number;
  readonly failures: readonly FixFailure[];
  readonly unresolved: readonly UnresolvedKey[];
  /** Number of copies written to the file. */
  readonly saved: number;
  /** Number of keys that targets evicted meanwhile (maxmemory-policy). */
  readonly evicted: number;
}

function isInterruption(error: unknown): boolean {
  return error instanceof TribError && error.exitCode === ExitCode.interrupted;
}

/** State shared by the steps of a repair. */
export class FixRun {
  readonly settings: MoverSettings;
  readonly failures: FixFailure[] = [];
  readonly unresolved: UnresolvedKey[] = [];
  /** Slots that later steps skip. */
  private readonly left = new Set<number>();
  keys = 0;
  movesFinished = 0;
  evicted = 0;
  /** The user aborted at a question: no further step starts. */
  stopped = false;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(readonly request: FixRequest) {
    const { timeoutMs = MAX_MIGRATE_TIMEOUT_MS, pipeline = DEFAULT_PIPELINE, retryMs = 10_000, ...wait } = request.options;
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

  /** The slots for which no earlier step has failed. */
  open(slots: Iterable<number>): number[] {
    return [...slots].filter((slot) => !this.left.has(slot));
  }

  fail(step: FixStep['kind'], slots: readonly number[], error: unknown): void {
    const message = oneLine(error instanceof ReplyError ? fromBinary(error.message) : messageOf(error));
    const hint = error instanceof TribError ? error.hint : undefined;
    for (const slot of slots) {
      if (this.left.has(slot)) continue;
      this.left.add(slot);
      this.failures.push({ slot, step, message, hint });
    }
  }

  /** Runs the works one after the other; none after the user aborted at a question. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = async (abort: unknown): Promise<T> => {
      if (abort !== undefined) throw abort;
      this.request.signal?.throwIfAborted();
      return work();
    };
    const done = this.turn.then(run);
    this.turn = done.then(() => undefined, (error: unknown) => (isInterruption(error) ? error : undefined));
    return done;
  }

  /** Rethrows any error after an abort. */
  rethrowIfAborted(error: unknown): void {
    if (isInterruption(error)) this.stopped = true;
    if (this.stopped) throw error;
    this.request.signal?.throwIfAborted();
  }

  outcome(): FixOutcome {
    return { keys: this.keys, movesFinished: this.movesFinished, failures: this.failures, unresolved: this.unresolved, saved: this.request.file.count, evicted: this.evicted };
  }
}

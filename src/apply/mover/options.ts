// Settings of the slot mover with their defaults, and what it throws when it can't finish.
import { TribError } from '../../errors.js';
import type { ApplyStats, EventNode, OnEvent } from '../event.js';
import type { PauseSwitch } from './pause-switch.js';

/** Who moves the keys: the servers by themselves, whole ranges at a time (Redis 8.4, Valkey 9), or we, key by key. */
export type MoveMethod = 'auto' | 'atomic' | 'keys';

export interface MoverOptions {
  /**
   * Default auto: atomic between nodes that all can (with their replicas), key by key elsewhere, and where an option is given
   * that only the key-by-key way obeys: maxRate, replace, waitReplicas.
   */
  readonly method?: MoveMethod;
  /** Slots of one atomic job, at most; default 512. */
  readonly jobSlots?: number;
  /** How long one atomic job may take until it is cancelled, milliseconds; default an hour. */
  readonly jobLimitMs?: number;
  /** Milliseconds one MIGRATE may keep the source busy; batches shrink and grow to stay below. Default 20. */
  readonly maxStallMs?: number;
  /** Slots open at the same time for each (source, target) pair, at most. Default 128; beside clients 32 unless the nodes are far away. */
  readonly slotsInFlight?: number;
  /** Most keys in one MIGRATE. Default 1000. */
  readonly pipeline?: number;
  /** Most bytes in one MIGRATE, as far as they can be estimated beforehand. Default 4 MiB. */
  readonly maxBatchBytes?: number;
  /**
   * Timeout argument of MIGRATE, milliseconds of each socket operation; default 10000. A source whose target hangs
   * stands still that long: below cluster-node-timeout (15000 by default) nobody takes it for dead meanwhile.
   */
  readonly timeoutMs?: number;
  /** Bytes a second over the whole move, as sizes in memory; undefined = no cap. */
  readonly maxRate?: number;
  /** Bytes that replicas of a target may lag behind it before the mover waits for them; default 32 MiB. */
  readonly maxReplicaLag?: number;
  /** Overwrite keys that exist on the target with other values, without asking which is right. Default false. */
  readonly replace?: boolean;
  /** How long to go on trying, without any progress, after errors that may pass, milliseconds; default 30000. */
  readonly retryMs?: number;
  /** Replicas of a target that must have confirmed the keys of a slot before the target gets the slot; default 0. */
  readonly waitReplicas?: number;
  /** How long they may take, milliseconds; default 30000. Then the move ends with REPLICAS_BEHIND, and what is open stays open. */
  readonly waitReplicasMs?: number;
  /** Whether servers may have to wait for a core that this process has: batches beside clients are smaller then. Default: whether one is on this machine. */
  readonly crowds?: () => boolean;
  /** While it is paused nothing is begun: the slots in flight are finished and closed, then an event `paused` is sent. */
  readonly pause?: PauseSwitch;
}

/** Everything a mover part needs to know; all defaults filled in. */
export interface MoverSettings extends Required<Omit<MoverOptions, 'slotsInFlight' | 'maxRate' | 'crowds' | 'pause'>> {
  readonly slotsInFlight: number | undefined;
  readonly maxRate: number | undefined;
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
  /** The error that ends the move when one of its nodes has been replaced by a failover; undefined when none has. */
  readonly replaced: () => Promise<TribError | undefined>;
}

export function moverSettings(options: MoverOptions, emit: OnEvent, signal?: AbortSignal, replaced: MoverSettings['replaced'] = () => Promise.resolve(undefined)): MoverSettings {
  return {
    maxStallMs: options.maxStallMs ?? 20,
    slotsInFlight: options.slotsInFlight === undefined ? undefined : Math.max(1, options.slotsInFlight),
    pipeline: Math.max(1, options.pipeline ?? 1000),
    maxBatchBytes: options.maxBatchBytes ?? 4 * 1024 * 1024,
    maxRate: options.maxRate,
    maxReplicaLag: options.maxReplicaLag ?? 32 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? 10_000,
    method: options.method ?? 'auto',
    jobSlots: Math.max(1, options.jobSlots ?? 512),
    jobLimitMs: options.jobLimitMs ?? 3_600_000,
    replace: options.replace ?? false,
    retryMs: options.retryMs ?? 30_000,
    waitReplicas: options.waitReplicas ?? 0,
    waitReplicasMs: options.waitReplicasMs ?? 30_000,
    emit,
    signal,
    replaced,
  };
}

/** One slot that could not be moved. */
export interface SlotFailure {
  readonly slot: number;
  readonly source: EventNode;
  readonly target: EventNode;
  readonly error: Error;
  /** Keys that exist on both sides with different values, as binary strings. */
  readonly conflicts: readonly string[];
  /** It is where it was, and closed: servers that move slots themselves move them whole or not at all. */
  readonly untouched?: true;
}

/** The mover stopped before the plan was done: code MOVE_FAILED or REPLICAS_BEHIND (exit 1), or ABORTED (exit 130). */
export class MoveIncomplete extends TribError {
  constructor(
    code: string,
    message: string,
    readonly stats: ApplyStats,
    readonly failures: readonly SlotFailure[],
    details: { hint: string; exitCode: number; cause?: unknown },
  ) {
    super(code, message, details);
    this.name = 'MoveIncomplete';
  }
}

/** Keys of one slot that exist on both sides with different values: nobody but the user can say which is right. */
export class KeyConflict extends TribError {
  constructor(
    readonly slot: number,
    readonly keys: readonly string[],
    source: EventNode,
    target: EventNode,
  ) {
    const shown = keys.slice(0, 5).map((key) => JSON.stringify(key)).join(', ');
    super('KEY_CONFLICT', `${keys.length} key(s) of slot ${slot} exist on ${source.name} and ${target.name} with different values: ${shown}`, {
      hint: 'delete or rename the wrong copies, or let those of the source stay: --replace (fix saves the others to a file first)',
    });
  }
}

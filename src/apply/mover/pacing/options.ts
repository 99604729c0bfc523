// Settings of the slot mover with their defaults, and the errors for an incomplete move.
import { counted } from '../../../cluster/counted.js';
import { TribError } from '../../../errors.js';
import type { ApplyStats, EventNode, OnEvent } from '../../node/event.js';
import { DEFAULT_JOB_LIMIT_MS, DEFAULT_MAX_STALL_MS, DEFAULT_PIPELINE, DEFAULT_WAIT_REPLICAS_MS, MAX_MIGRATE_TIMEOUT_MS } from './defaults.js';
import type { PauseSwitch } from './pause-switch.js';

/** How keys move: atomic = the servers move whole slot ranges (Redis 8.4, Valkey 9); keys = MIGRATE key by key. */
export type MoveMethod = 'auto' | 'atomic' | 'keys';

export interface MoverOptions {
  /**
   * Default auto: atomic between nodes that all support it (replicas too), otherwise key by key. Key by key also when an option
   * requires it: maxRate, replace, waitReplicas.
   */
  readonly method?: MoveMethod;
  /** Maximum slots of one atomic job; default 4096, fewer when they hold more than a million keys. */
  readonly jobSlots?: number;
  /** Milliseconds until an atomic job is cancelled; default one hour. */
  readonly jobLimitMs?: number;
  /** Milliseconds that one MIGRATE may block the source; batch sizes adapt to it. Default 20. */
  readonly maxStallMs?: number;
  /** Maximum slots open at once for each (source, target) pair. Default 128; with clients 32 unless the nodes are distant. */
  readonly slotsInFlight?: number;
  /** Maximum keys in one MIGRATE. Default 1000. */
  readonly pipeline?: number;
  /** Maximum bytes in one MIGRATE by estimated sizes. Default 4 MiB. */
  readonly maxBatchBytes?: number;
  /**
   * Timeout argument of MIGRATE, milliseconds for each socket operation. Default: a third of the source's
   * cluster-node-timeout, at most 10000 (migrate-timeout.ts). A hung target blocks the source that long; the source must
   * answer pings before it is marked as failing.
   */
  readonly timeoutMs?: number;
  /** Bytes per second over the whole move, by size in memory; undefined = no limit. */
  readonly maxRate?: number;
  /** Bytes that a target's replicas may lag before the mover waits for them; default 32 MiB. */
  readonly maxReplicaLag?: number;
  /** Overwrite keys that exist on the target with other values. Default false. */
  readonly replace?: boolean;
  /** Milliseconds to retry transient errors without any progress; default 30000. */
  readonly retryMs?: number;
  /** Replicas of a target that must have confirmed a slot's keys before the target gets the slot; default 0. */
  readonly waitReplicas?: number;
  /** Milliseconds to wait for them; default 30000. Then the move ends with REPLICAS_BEHIND, and open slots stay open. */
  readonly waitReplicasMs?: number;
  /**
   * Whether this process competes with a server for CPU cores; then batches are smaller while clients are active. Default:
   * whether a server runs on this host.
   */
  readonly sharesCores?: () => boolean;
  /** While paused no slot is opened. The open slots are finished and closed, then the event `paused` is sent. */
  readonly pause?: PauseSwitch;
}

/** All settings of the mover, defaults filled in. */
export interface MoverSettings extends Required<Omit<MoverOptions, 'slotsInFlight' | 'maxRate' | 'sharesCores' | 'pause'>> {
  readonly slotsInFlight: number | undefined;
  readonly maxRate: number | undefined;
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
  /** The error that ends the move after a failover of one of its nodes; undefined when there was none. */
  readonly replaced: () => Promise<TribError | undefined>;
}

export function moverSettings(options: MoverOptions, emit: OnEvent, signal?: AbortSignal, replaced: MoverSettings['replaced'] = () => Promise.resolve(undefined)): MoverSettings {
  return {
    maxStallMs: options.maxStallMs ?? DEFAULT_MAX_STALL_MS,
    slotsInFlight: options.slotsInFlight === undefined ? undefined : Math.max(1, options.slotsInFlight),
    pipeline: Math.max(1, options.pipeline ?? DEFAULT_PIPELINE),
    maxBatchBytes: options.maxBatchBytes ?? 4 * 1024 * 1024,
    maxRate: options.maxRate,
    maxReplicaLag: options.maxReplicaLag ?? 32 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? MAX_MIGRATE_TIMEOUT_MS,
    method: options.method ?? 'auto',
    jobSlots: Math.max(1, options.jobSlots ?? 4096),
    jobLimitMs: options.jobLimitMs ?? DEFAULT_JOB_LIMIT_MS,
    replace: options.replace ?? false,
    retryMs: options.retryMs ?? 30_000,
    waitReplicas: options.waitReplicas ?? 0,
    waitReplicasMs: options.waitReplicasMs ?? DEFAULT_WAIT_REPLICAS_MS,
    emit,
    signal,
    replaced,
  };
}

/** A slot that could not be moved. */
export interface SlotFailure {
  readonly slot: number;
  readonly source: EventNode;
  readonly target: EventNode;
  readonly error: Error;
  /** Keys that exist on both sides with different values, as binary strings. */
  readonly conflicts: readonly string[];
  /**
   * The slot still belongs to its source and is closed: none of its keys has moved. Servers that move slots atomically move all
   * keys or none.
   */
  readonly untouched?: true;
}

/** The mover stopped before the plan was complete: code MOVE_FAILED or REPLICAS_BEHIND (exit 1), or ABORTED (exit 130). */
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

/** Keys of one slot that exist on both sides with different values; the user must choose. */
export class KeyConflict extends TribError {
  constructor(
    readonly slot: number,
    readonly keys: readonly string[],
    source: EventNode,
    target: EventNode,
    readonly database = 0,
  ) {
    const shown = keys.slice(0, 5).map((key) => JSON.stringify(key)).join(', ');
    super('KEY_CONFLICT', `${counted(keys.length, 'key')} of slot ${slot}${database === 0 ? '' : `, database ${database},`} ${keys.length === 1 ? 'exists' : 'exist'} on ${source.name} and ${target.name} with different values: ${shown}`, {
      hint: 'delete or rename the wrong copies, or overwrite them with those of the source: --replace (fix saves the other copies to a file first)',
    });
  }
}

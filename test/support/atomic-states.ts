// The states of jobs of atomic slot migration in both designs, and the record of one job. Not here: what moves a job from
// one state to the next (atomic-jobs.ts).
import { randomBytes } from 'node:crypto';
import type { SlotSet } from '../../src/cluster/slot-set.js';
import type { AtomicDesign, Job } from './atomic-cluster.js';

/** States in order: of the target, of the source ('': it knows nothing yet). cli.md 6.2, Redis pulls. */
const REDIS: readonly (readonly [target: string, source: string])[] = [
  ['none', ''],
  ['connecting', ''],
  ['auth-reply', ''],
  ['send-handshake', ''],
  ['handshake-reply', ''],
  ['send-syncslots', ''],
  ['syncslots-reply', 'wait-rdbchannel'],
  ['init-rdbchannel', 'wait-bgsave-start'],
  ['accumulate-buffer', 'send-bulk-and-stream'],
  ['ready-to-stream', 'send-stream'],
  ['streaming-buffer', 'handoff-prep'],
  ['wait-stream-eof', 'handoff'],
  ['takeover', 'stream-eof'],
];

/** States in order, as in REDIS. cli.md 6.1, Valkey pushes. */
const VALKEY: readonly (readonly [target: string, source: string])[] = [
  ['', 'connecting'],
  ['', 'sending-auth-command'],
  ['', 'reading-auth-response'],
  ['', 'sending-establish-command'],
  ['waiting-for-ack', 'reading-establish-response'],
  ['waiting-for-ack', 'waiting-to-snapshot'],
  ['receiving-snapshot', 'snapshotting'],
  ['receiving-snapshot', 'replicating'],
  ['waiting-for-paused', 'waiting-to-pause'],
  ['failover-requested', 'failover-paused'],
  ['failover-granted', 'failover-granted'],
];

/** The states of a job of this design, in order. */
export const STATES: Readonly<Record<AtomicDesign, readonly (readonly [target: string, source: string])[]>> = { redis: REDIS, valkey: VALKEY };

/** From this state on both sides know each other. */
export const MET: Readonly<Record<AtomicDesign, number>> = { redis: 6, valkey: 4 };
/** The state that `fail` strikes in. */
export const MIDDLE: Readonly<Record<AtomicDesign, number>> = { redis: 8, valkey: 6 };
export const CANCELLED: Readonly<Record<AtomicDesign, string>> = { redis: 'canceled', valkey: 'cancelled' };
export const SUCCESS: Readonly<Record<AtomicDesign, string>> = { redis: 'completed', valkey: 'success' };
const FINAL = /^(completed|success|failed|canceled|cancelled)$/;

/** True for a state after which that side does nothing more; with the target of redis, `failed` is no end. */
export function isFinal(state: string): boolean {
  return FINAL.test(state);
}

/** What a side becomes when the other ends the job: '' for no change. */
export function failedUnlessFinal(state: string): string {
  return state === '' || isFinal(state) ? '' : 'failed';
}

export class JobRecord implements Job {
  readonly id = randomBytes(20).toString('hex');
  readonly slots: string;
  targetState = '';
  sourceState = '';
  retries = 0;
  error = '';
  readonly created = Date.now();
  started = -1;
  updated = Date.now();
  ended = -1;
  pauseMs = 0;
  done = false;
  /** Set by CANCEL on the leading side or by the end of the test: no further step. */
  stopped = false;
  /** Slots change hands right now: too late to cancel. */
  moving = false;
  /** Why the attempt under way has to fail. */
  broken: string | undefined;
  /** Ends the wait of the step. */
  wake: () => void = () => undefined;

  constructor(
    readonly design: AtomicDesign,
    readonly source: string,
    readonly target: string,
    readonly set: SlotSet,
  ) {
    this.slots = set.ranges().map(([first, last]) => `${first}-${last}`).join(' ');
  }

  get state(): string {
    return this.design === 'redis' ? this.targetState : this.sourceState;
  }

  get otherState(): string {
    return this.design === 'redis' ? this.sourceState : this.targetState;
  }

  enter(target: string, source: string): void {
    this.targetState = target === '' ? this.targetState : target;
    this.sourceState = source === '' ? this.sourceState : source;
    this.updated = Date.now();
  }
}

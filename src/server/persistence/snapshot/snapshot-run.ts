// Runs a snapshot in slices between commands, one snapshot at a time, and reports its end to the caller.
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { Clock } from '../../runtime/clock.js';
import type { SnapshotConsumer, SnapshotFormat } from './format.js';
import { Snapshot } from './snapshot.js';

/** Longest slice, ms: a command waits at most this long. */
const SLICE = 2;
/** Delay before it is checked again whether consumers are still full, ms. */
const POLL = 2;

export interface SnapshotTask {
  readonly format: SnapshotFormat;
  /** At least one. */
  readonly consumers: readonly SnapshotConsumer[];
  /** The snapshot has ended, and end() or fail() of each consumer was called. null: all data was passed on. */
  onEnd(error: Error | null): void;
}

export class SnapshotRun {
  readonly snapshot: Snapshot;
  private readonly consumers: Set<SnapshotConsumer>;
  private ended = false;
  private attached = false;

  constructor(private readonly keyspace: Keyspace, private readonly clock: Clock, private readonly task: SnapshotTask) {
    this.consumers = new Set(task.consumers);
    this.snapshot = new Snapshot(keyspace, task.format, this.consumers);
  }

  /** Continues slice by slice; `later` runs a task in a later turn of the event loop. */
  runInSlices(later: (task: () => void) => void): void {
    this.keyspace.barrier.attach(this.snapshot);
    this.attached = true;
    const step = (): void => {
      if (this.ended) return;
      const deadline = this.clock.monotonic() + SLICE;
      this.slice(() => this.clock.monotonic() >= deadline);
      if (this.ended) return;
      if (this.snapshot.blocked) this.clock.after(POLL, step);
      else later(step);
    };
    later(step);
  }

  /** Runs the rest at once, without commands in between. Full consumers must empty themselves without the event loop. */
  runToEnd(): void {
    while (!this.ended) this.slice(() => false);
  }

  /** Cancels the snapshot; consumers get `fail(reason)`. */
  cancel(error: Error): void {
    this.stop(error);
  }

  private slice(isSliceOver: () => boolean): void {
    try {
      if (!this.snapshot.blocked && this.snapshot.advance(isSliceOver)) {
        this.snapshot.finish();
        this.dropBroken();
        if (!this.ended) this.stop(null);
        return;
      }
    } catch (error) {
      return this.stop(error instanceof Error ? error : new Error(String(error)));
    }
    this.dropBroken();
  }

  /** A failed consumer does not stop the others; without any consumer the walk ends. */
  private dropBroken(): void {
    for (const consumer of this.consumers) {
      if (consumer.broken === null) continue;
      this.consumers.delete(consumer);
      consumer.fail(consumer.broken);
      if (this.consumers.size === 0) this.stop(consumer.broken);
    }
  }

  private stop(error: Error | null): void {
    if (this.ended) return;
    this.ended = true;
    if (this.attached) this.keyspace.barrier.attach(null);
    for (const consumer of this.consumers) {
      if (error === null) consumer.end();
      else consumer.fail(error);
    }
    this.task.onEnd(error);
  }
}

/** The snapshots of a node: one at a time, because the keyspace's write barrier has one hook. */
export class Snapshots {
  private run: SnapshotRun | null = null;
  /** Highest number of bytes that the latest snapshot needed besides the data. */
  lastExtraMemory = 0;

  /** @param later runs a task in a later turn of the event loop */
  constructor(private readonly keyspace: Keyspace, private readonly clock: Clock, private readonly later: (task: () => void) => void) {}

  /** The snapshot that runs in slices, null when there is none. */
  get running(): SnapshotRun | null {
    return this.run;
  }

  /**
   * Begins a snapshot of the present data and writes it in slices. Throws RangeError while another one runs: check `running`
   * first.
   */
  start(task: SnapshotTask): SnapshotRun {
    if (this.run !== null) throw new RangeError('a snapshot is running already');
    const run: SnapshotRun = new SnapshotRun(this.keyspace, this.clock, {
      ...task,
      onEnd: (error) => {
        this.lastExtraMemory = run.snapshot.extraMemory;
        this.run = null;
        task.onEnd(error);
      },
    });
    this.run = run;
    run.runInSlices(this.later);
    return run;
  }

  /** Writes a snapshot of the present data before it returns, whether another one runs or not. */
  runNow(task: SnapshotTask): void {
    new SnapshotRun(this.keyspace, this.clock, task).runToEnd();
  }
}

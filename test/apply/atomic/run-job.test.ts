// One migration by the servers, with scripted servers: lost answers, forgotten jobs, failures, cancellations
// that come too late or would hit others. Time is virtual. No nodes; those are in moves.test.ts.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobFailed } from '../../../src/apply/atomic/failure.js';
import type { JobEnds, JobReport, MigrationProtocol } from '../../../src/apply/atomic/job.js';
import { OwnJobs } from '../../../src/apply/atomic/own-jobs.js';
import { runJob } from '../../../src/apply/atomic/run-job.js';
import type { ApplyEvent } from '../../../src/apply/node/event.js';
import { moverSettings, type MoverOptions } from '../../../src/apply/mover/pacing/options.js';
import type { NodeLink } from '../../../src/apply/node/node-link.js';
import { ConnectionLost } from '../../../src/client/connection-errors.js';
import { SlotSet } from '../../../src/cluster/slot-set.js';
import type { Arg } from '../../../src/resp/command.js';
import { ReplyError } from '../../../src/resp/reply.js';

const SOURCE = 'a'.repeat(40);
const TARGET = 'b'.repeat(40);
const SLOTS = SlotSet.parse('0-9');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Two nodes and one job at most; `looks` is asked at every look at the list, for the state the job is in. */
class Servers {
  owner = SOURCE;
  started = 0;
  readonly cancelled: string[] = [];
  readonly events: ApplyEvent[] = [];
  job: JobReport | undefined;
  others: JobReport[] = [];
  /** What the source lists, where it differs from the target's list. */
  otherReport: JobReport | undefined;
  /** The server cannot cancel without losing writes. */
  handingOver = false;
  readonly ours = new OwnJobs();
  looks: (job: JobReport, count: number) => JobReport | undefined = (job, count) => (count < 3 ? job : this.done(job));
  onStart: () => void = () => undefined;
  onCancel: (job: JobReport) => JobReport | undefined = (job) => ({ ...job, state: 'canceled', end: 'cancelled' });
  private count = 0;

  done(job: JobReport): JobReport {
    this.owner = TARGET;
    return { ...job, state: 'completed', end: 'done', writePauseMs: 4 };
  }

  readonly ends: JobEnds = { source: this.link(SOURCE, 'source:1'), target: this.link(TARGET, 'target:2') };
  readonly protocol: MigrationProtocol = {
    leader: ({ target }) => target,
    busy: () => [],
    list: (link) => {
      if (link === this.ends.source && this.otherReport !== undefined) return Promise.resolve([this.otherReport]);
      if (this.job !== undefined && link === this.ends.target) this.job = this.looks(this.job, ++this.count);
      return Promise.resolve([...(this.job === undefined ? [] : [this.job]), ...this.others]);
    },
    start: () => {
      this.count = 0;
      this.job = { id: `job ${++this.started}`, source: SOURCE, target: TARGET, slots: SLOTS, side: 'target', state: 'connecting', end: undefined, retries: 0, message: '', writePauseMs: undefined };
      this.onStart();
      return Promise.resolve();
    },
    cancel: (_, id) => {
      if (this.handingOver) return Promise.resolve(false);
      this.cancelled.push(id);
      if (this.job !== undefined) this.job = this.onCancel(this.job);
      return Promise.resolve(true);
    },
    alsoCancelled: () => this.others,
  };

  private link(id: string, name: string): NodeLink {
    const nodes = (): string => [SOURCE, TARGET].map((node, at) => `${node} 127.0.0.1:${at + 1}@${at + 10_001} ${node === id ? 'myself,' : ''}master - 0 0 ${at + 1} connected ${node === this.owner ? '0-9' : ''}`).join('\n');
    const command = (): Promise<string> => Promise.resolve(nodes());
    const pipeline = (list: readonly (readonly Arg[])[]): Promise<number[]> => Promise.resolve(list.map(() => (id === SOURCE ? 3 : 0)));
    return { id, name, connection: () => Promise.resolve({ command, pipeline }), databaseCount: () => Promise.resolve(1) } as unknown as NodeLink;
  }

  /** Runs a job to its end in virtual time; a failure comes back as the error. */
  async run(options: MoverOptions = {}, signal?: AbortSignal, adopted?: string): Promise<Map<number, number> | JobFailed> {
    const settings = moverSettings(options, (event) => void this.events.push(event), signal);
    const work = runJob({ protocol: this.protocol, ends: this.ends, settings, ours: this.ours }, SLOTS, adopted).catch((error: unknown) => error as JobFailed);
    for (let ended = false; !ended; ) {
      void work.then(() => (ended = true));
      await vi.advanceTimersByTimeAsync(100);
    }
    return work;
  }

  kinds(): string[] {
    return this.events.map((event) => (event.kind === 'warning' ? event.code : event.kind));
  }
}

it('starts a job, polls until it ends, and reports keys, time and the pause of writes', async () => {
  const servers = new Servers();
  expect(await servers.run()).toEqual(new Map([...SLOTS].map((slot) => [slot, 3])));
  expect(servers.started).toBe(1);
  expect(servers.kinds()).toEqual(['jobSeen', 'jobDone']);
  expect(servers.events.at(-1)).toMatchObject({ slots: 10, keys: 30, writePauseMs: 4 });
});

it('does not start a job twice when the reply to its request was lost', async () => {
  const servers = new Servers();
  servers.onStart = () => {
    throw new ConnectionLost('ECONNRESET', 'target:2 closed the connection', 'unknown');
  };
  expect(await servers.run()).toBeInstanceOf(Map);
  expect(servers.started).toBe(1);
  expect(servers.kinds()).toEqual(['retry', 'jobSeen', 'jobDone']);
});

it('adopts a running job without starting another', async () => {
  const servers = new Servers();
  await servers.protocol.start(servers.ends, SLOTS);
  expect(await servers.run({}, undefined, 'job 1')).toBeInstanceOf(Map);
  expect(servers.started).toBe(1);
});

it('decides by the slot owners about a job that the servers no longer list: done, or started again', async () => {
  const servers = new Servers();
  servers.looks = (job, count) => {
    if (count < 3) return job;
    if (servers.started === 2) servers.done(job);
    return undefined;
  };
  expect(await servers.run()).toBeInstanceOf(Map);
  expect(servers.started).toBe(2);
  expect(servers.kinds()).toEqual(['jobSeen', 'retry', 'jobSeen', 'jobDone']);
});

it('restarts a failed job with growing pauses, then falls back to MIGRATE with the server\'s reason', async () => {
  const servers = new Servers();
  servers.looks = (job) => ({ ...job, state: 'failed', end: 'failed', message: 'target is out of memory' });
  const error = await servers.run();
  expect(error).toMatchObject({ code: 'JOB_FAILED', remedy: 'by-keys', message: 'The migration from source:1 to target:2 failed: target is out of memory' });
  expect(servers.started).toBe(5);
  expect(servers.events.map((event) => event.kind === 'retry' && event.delayMs)).toEqual([500, 1000, 2000, 4000]);
});

it('stops a job that the server itself restarts again and again', async () => {
  const servers = new Servers();
  servers.looks = (job, count) => (job.end === undefined ? { ...job, state: 'failed', retries: count, message: 'link lost' } : job);
  expect(await servers.run()).toMatchObject({ remedy: 'by-keys', reason: 'link lost' });
  expect(servers.cancelled).toEqual(['job 1']);
});

it('ends when another user cancels the job, and reports it', async () => {
  const servers = new Servers();
  servers.looks = (job) => ({ ...job, state: 'canceled', end: 'cancelled' });
  expect(await servers.run()).toMatchObject({ remedy: 'none', reason: 'the servers report that it was cancelled' });
});

it('cancels a job at its time limit; a job that ended in time counts as done', async () => {
  const servers = new Servers();
  servers.looks = (job) => job;
  expect(await servers.run({ jobLimitMs: 5000 })).toMatchObject({ remedy: 'none', reason: 'it did not finish within 5 s (connecting)' });
  expect(servers.cancelled).toEqual(['job 1']);
  const late = new Servers();
  late.looks = (job) => job;
  late.onCancel = (job) => late.done(job);
  expect(await late.run({ jobLimitMs: 5000 })).toBeInstanceOf(Map);
});

it('cancels the job once on abort, and waits for its end', async () => {
  const servers = new Servers();
  servers.looks = (job) => job;
  servers.onCancel = (job) => {
    servers.looks = (one, count) => (count > 8 ? { ...one, state: 'canceled', end: 'cancelled' } : one);
    return job;
  };
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  expect(await servers.run({}, stop.signal)).toMatchObject({ reason: 'interrupted' });
  expect(servers.cancelled).toEqual(['job 1']);
});

it('waits at most half a minute for a cancellation that the server does not carry out', async () => {
  const servers = new Servers();
  servers.looks = (job) => job;
  servers.onCancel = (job) => job;
  expect(await servers.run({ jobLimitMs: 1000 })).toMatchObject({ reason: 'it could not be cancelled and continues on the servers (connecting)' });
});

it('does not cancel a job when that would end jobs of others: names those and waits', async () => {
  const servers = new Servers();
  servers.looks = (job, count) => (count < 60 ? job : servers.done(job));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  setTimeout(() => servers.others.push({ ...servers.job!, id: 'theirs' }), 50);
  expect(await servers.run({}, stop.signal)).toBeInstanceOf(Map);
  expect(servers.cancelled).toEqual([]);
  expect(servers.events.find((event) => event.kind === 'warning')).toMatchObject({ code: 'NOT_CANCELLED', message: expect.stringContaining('theirs') as string });
});

it('does not cancel while the servers hand the slots over: the job counts as done', async () => {
  const servers = new Servers();
  servers.handingOver = true;
  servers.looks = (job, count) => (count < 60 ? job : servers.done(job));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  expect(await servers.run({}, stop.signal)).toBeInstanceOf(Map);
  expect(servers.cancelled).toEqual([]);
});

it('cancels after a handover that did not take place', async () => {
  const servers = new Servers();
  servers.handingOver = true;
  servers.looks = (job) => job;
  setTimeout(() => (servers.handingOver = false), 500);
  expect(await servers.run({ jobLimitMs: 300 })).toMatchObject({ reason: 'it did not finish within 0 s (connecting)' });
  expect(servers.cancelled).toEqual(['job 1']);
});

it('waits for a job that the server refuses to cancel, and says why', async () => {
  const servers = new Servers();
  servers.looks = (job, count) => (count < 60 ? job : servers.done(job));
  servers.onCancel = () => {
    throw new ReplyError('NOPERM no permission to run eval_ro');
  };
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  expect(await servers.run({}, stop.signal)).toBeInstanceOf(Map);
  expect(servers.events.filter((event) => event.kind === 'warning')).toEqual([{ kind: 'warning', code: 'NOT_CANCELLED', message: 'target:2 does not cancel the migration safely (NOPERM no permission to run eval_ro): waiting for the migration to target:2' }]);
});

it.each(['cancelled', 'failed'] as const)('goes by the owner when one node lists the job as %s and the other as done, and warns of lost writes', async (end) => {
  const servers = new Servers();
  servers.looks = (job, count) => {
    if (count < 3) return job;
    servers.otherReport = servers.done(job);
    return { ...job, state: end, end };
  };
  expect(await servers.run()).toBeInstanceOf(Map);
  expect(servers.started).toBe(1);
  expect(servers.events.find((event) => event.kind === 'warning')).toMatchObject({ code: 'CANCELLED_LATE', message: expect.stringContaining('may be lost') as string });
});

it('takes a job that this run is just starting, listed before its id is known, for its own when it cancels', async () => {
  const servers = new Servers();
  servers.looks = (job) => job;
  const stop = new AbortController();
  setTimeout(() => {
    servers.others.push({ ...servers.job!, id: 'second' });
    void servers.ours.start(() => new Promise((resolve) => setTimeout(() => resolve('second'), 300)));
    stop.abort();
  }, 100);
  expect(await servers.run({}, stop.signal)).toMatchObject({ reason: 'interrupted' });
  expect(servers.cancelled).toEqual(['job 1']);
  expect(servers.kinds()).not.toContain('NOT_CANCELLED');
});

it('fails when a node keeps listing the old owner', async () => {
  const servers = new Servers();
  servers.looks = (job) => ({ ...job, state: 'completed', end: 'done' });
  expect(await servers.run()).toMatchObject({ reason: 'the server reports it as done, but target:2 lists only 0 of 10 slots for target:2' });
});

it('reports that the job may continue in the servers when a node becomes unreachable during the move', async () => {
  const servers = new Servers();
  servers.looks = (job, count) => {
    if (count > 2) throw new ConnectionLost('ECONNREFUSED', 'target:2 is gone', 'no');
    return job;
  };
  expect(await servers.run({ retryMs: 2000 })).toBeInstanceOf(ConnectionLost);
  expect(servers.kinds()).toContain('MAY_GO_ON');
});

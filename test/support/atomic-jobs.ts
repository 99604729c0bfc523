// Runs jobs of atomic slot migration: through their states one after the other, with failure, retry and cancelling. Not here:
// the commands that start and list them, and how slots change their owner (atomic-takeover.ts).
import type { Behaviour } from './atomic-cluster.js';
import type { JobRecord } from './atomic-states.js';
import { CANCELLED, failedUnlessFinal, MET, MIDDLE, STATES, SUCCESS } from './atomic-states.js';

/** What happens to nodes in the course of a job. */
export interface Ground {
  /** Why the job cannot go on; `met`: the two sides have to agree as well. */
  trouble(job: JobRecord, met: boolean): Promise<string | undefined>;
  /** True when no retry can come, because the side that retries is gone. */
  hopeless(job: JobRecord): Promise<boolean>;
  /** Moves keys and ownership; gives the milliseconds clients had to wait. Rejects when nothing has moved. */
  takeOver(job: JobRecord): Promise<number>;
}

export class Jobs {
  readonly all: JobRecord[] = [];
  private readonly runs: Promise<void>[] = [];
  private closing = false;

  constructor(
    private readonly behaviour: Behaviour,
    private readonly ground: Ground,
  ) {}

  start(job: JobRecord): JobRecord {
    const [target, source] = STATES[job.design][0] ?? ['', ''];
    job.enter(target, source);
    this.all.push(job);
    this.runs.push(this.run(job));
    return job;
  }

  /** Jobs that have not come to their end. A failed import of redis has not: it will begin anew. */
  get running(): JobRecord[] {
    return this.all.filter((job) => !job.stopped && job.ended < 0);
  }

  /** As the leading side does. False when it had ended. */
  cancel(job: JobRecord, error = ''): boolean {
    if (job.stopped || job.moving || job.ended >= 0) return false;
    if (job.design === 'redis') job.enter(CANCELLED.redis, failedUnlessFinal(job.sourceState));
    else job.enter(job.targetState === '' ? '' : 'cleaning-up', CANCELLED.valkey);
    job.error = error === '' ? job.error : error;
    job.ended = Date.now();
    job.stopped = true;
    job.wake();
    return true;
  }

  /** The attempt under way fails, as when the source of redis cancels: the destination begins anew. */
  disrupt(job: JobRecord, sourceState: string, error: string): void {
    job.enter('', sourceState);
    job.broken = error;
    job.wake();
  }

  async stop(): Promise<void> {
    this.closing = true;
    for (const job of this.all) {
      job.stopped = true;
      job.wake();
    }
    await Promise.all(this.runs);
  }

  private async run(job: JobRecord): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const error = await this.attempt(job, attempt);
      if (error === undefined || job.stopped) break;
      job.error = error;
      job.broken = undefined;
      const target = job.design === 'redis' ? 'failed' : 'cleaning-up';
      job.enter(job.targetState === '' ? '' : target, failedUnlessFinal(job.sourceState));
      if (job.design === 'valkey' || (await this.ground.hopeless(job))) {
        job.ended = Date.now();
        break;
      }
      await this.pause(job, this.behaviour.retryMs);
      if (job.stopped) break;
      job.retries++;
    }
    await this.pause(job, this.behaviour.stepMs);
    if (job.targetState === 'cleaning-up') job.enter('failed', '');
    if (job.ended >= 0 && job.targetState === SUCCESS[job.design]) job.enter('', SUCCESS[job.design]);
    job.done = true;
  }

  /** One walk through the states; the error it ended with. */
  private async attempt(job: JobRecord, attempt: number): Promise<string | undefined> {
    for (const [index, [target, source]] of STATES[job.design].entries()) {
      job.enter(target, source);
      if (index > 0 && job.started < 0) job.started = Date.now();
      do await this.pause(job, this.behaviour.stepMs);
      while (!job.stopped && job.broken === undefined && this.behaviour.hold?.(job) === true);
      const trouble = job.broken ?? (await this.ground.trouble(job, index + 1 >= MET[job.design]));
      const wanted = index === MIDDLE[job.design] ? this.behaviour.fail?.(job, attempt) : undefined;
      if (job.stopped) return undefined;
      if (trouble !== undefined || wanted !== undefined) return trouble ?? wanted;
    }
    return await this.finish(job);
  }

  private async finish(job: JobRecord): Promise<string | undefined> {
    try {
      job.moving = true;
      job.pauseMs = await this.ground.takeOver(job);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      job.moving = false;
    }
    job.enter(SUCCESS[job.design], '');
    job.ended = Date.now();
    return undefined;
  }

  private pause(job: JobRecord, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.closing || job.broken !== undefined ? 0 : Math.max(ms, 1));
      job.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

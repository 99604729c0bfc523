// Why a migration by the servers did not happen, and what follows: again a little later, key by key instead, or the end.
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { mayPass } from '../mover/retry.js';
import type { JobEnds } from './job.js';

/** What can be done about it. */
export type Remedy = 'again' | 'by-keys' | 'none';

/** A job that did not move its slots: they are all where they were. */
export class JobFailed extends TribError {
  constructor(
    ends: JobEnds,
    readonly remedy: Remedy,
    readonly reason: string,
    details: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super('JOB_FAILED', `The migration from ${ends.source.name} to ${ends.target.name} failed: ${reason}`, { hint: 'the logs of both servers tell more; --method keys moves the keys one by one', ...details });
  }
}

/** Not this server, not this user, not these modules (cli 6.4). Slots that are open or owned by others are no reason: they ask for a new plan. */
const UNABLE = /unknown (sub)?command|NOPERM|module/i;
/** Another task on the node, or a source that is still deleting what it gave away. */
const OCCUPIED = /in progress|already running|another|trim/i;

/** What the refusal of a new job means: an error that `retrying` lets pass, or one that ends it. */
export function refusal(ends: JobEnds, error: unknown): unknown {
  if (!(error instanceof ReplyError) || mayPass(error)) return error;
  if (UNABLE.test(error.message)) return new JobFailed(ends, 'by-keys', error.message, { cause: error });
  if (OCCUPIED.test(error.message)) return new TribError('EBUSY', `${ends.target.name} or ${ends.source.name} is not ready: ${error.message}`, { cause: error, hint: 'the servers may be busy with the migration before; try again a little later' });
  return new JobFailed(ends, 'none', error.message, { cause: error, hint: 'look with check, then make a new plan' });
}

// Why an atomic migration failed, and what follows: another attempt, MIGRATE key by key, or the end.
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { isTransient } from '../mover/safety/retry.js';
import type { JobEnds } from './job.js';

/** What to do next. */
export type Remedy = 'again' | 'by-keys' | 'none';

/** A job that did not move its slots. All of them still belong to the source. */
export class JobFailed extends TribError {
  constructor(
    ends: JobEnds,
    readonly remedy: Remedy,
    readonly reason: string,
    details: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super('JOB_FAILED', `The migration from ${ends.source.name} to ${ends.target.name} failed: ${reason}`, { hint: 'see the logs of both servers; --method keys moves the keys with MIGRATE instead', ...details });
  }
}

/**
 * The server, the user or a loaded module does not permit it (cli.md 6.4). Open slots and slots of other owners do not count:
 * they require a new plan.
 */
const UNABLE = /unknown (sub)?command|NOPERM|module/i;
/** Another task runs on the node, or the source still deletes keys it has given away. */
const OCCUPIED = /in progress|already running|another|trim/i;

/** Classifies the refusal of a new job: an error that `retrying` repeats, or one that ends the move. */
export function refusal(ends: JobEnds, error: unknown): unknown {
  if (!(error instanceof ReplyError) || isTransient(error)) return error;
  if (UNABLE.test(error.message)) return new JobFailed(ends, 'by-keys', oneLine(error.message), { cause: error });
  if (OCCUPIED.test(error.message)) return new TribError('EBUSY', `${ends.target.name} or ${ends.source.name} cannot start the migration yet: ${oneLine(error.message)}`, { cause: error, hint: 'an earlier migration may still run; try again a little later' });
  return new JobFailed(ends, 'none', oneLine(error.message), { cause: error, hint: 'run check, then make a new plan' });
}

// Redis 8.4 and later: the target is told to fetch slots, and tries again by itself until it is told to stop (cli 6.2).
import type { SlotSet } from '../../cluster/slot-set.js';
import type { NodeLink } from '../node-link.js';
import type { JobEnd, JobEnds, JobFields, JobReport, JobWays } from './job.js';
import { readJobs } from './job.js';

const ENDS: Readonly<Record<string, JobEnd>> = { completed: 'done', canceled: 'cancelled', failed: 'failed' };

/** A target that failed begins anew about a second later; the source then has a new task of the same id. */
function endOf(state: string, side: JobReport['side']): JobEnd | undefined {
  return state === 'failed' && side === 'target' ? undefined : ENDS[state];
}

function read(fields: JobFields): JobReport {
  const state = fields.text('state');
  const side = fields.text('operation').toLowerCase() === 'import' ? 'target' : 'source';
  return {
    id: fields.text('id'),
    source: fields.text('source'),
    target: fields.text('dest'),
    slots: fields.slots('slots'),
    side,
    state,
    end: endOf(state, side),
    retries: fields.number('retries') ?? 0,
    message: fields.remark('last_error'),
    writePauseMs: fields.number('write_pause_ms'),
  };
}

async function cancelAt(link: NodeLink, id: string): Promise<void> {
  await (await link.connection()).command(['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id]);
}

export const pullWays: JobWays = {
  design: 'redis',
  leader: ({ target }) => target,
  // One task a node, as source or as destination.
  busy: ({ source, target }) => [source.id, target.id],
  async list(link) {
    return readJobs(await (await link.connection()).command(['CLUSTER', 'MIGRATION', 'STATUS', 'ALL']), read);
  },
  async start({ target }: JobEnds, slots: SlotSet) {
    await (await target.connection()).command(['CLUSTER', 'MIGRATION', 'IMPORT', ...slots.ranges().flat()]);
  },
  /** The target first: cancelled at the source alone it would begin again. */
  async cancel({ source, target }, id) {
    await cancelAt(target, id);
    await cancelAt(source, id).catch(() => undefined); // it may not know of it yet, or be gone
  },
  bystanders: () => [],
};

// Valkey 9 and later: the source is told to send slots; who failed stays failed, and all exports of a node are cancelled
// together (cli 6.1).
import type { SlotSet } from '../../cluster/slot-set.js';
import type { JobEnd, JobEnds, JobFields, JobReport, JobWays } from './job.js';
import { readJobs } from './job.js';

const ENDS: Readonly<Record<string, JobEnd>> = { success: 'done', cancelled: 'cancelled', failed: 'failed' };

function read(fields: JobFields): JobReport {
  const state = fields.text('state');
  return {
    id: fields.text('name'),
    source: fields.text('source_node'),
    target: fields.text('target_node'),
    slots: fields.slots('slot_ranges'),
    side: fields.text('operation').toUpperCase() === 'EXPORT' ? 'source' : 'target',
    state,
    end: ENDS[state],
    retries: 0,
    message: fields.remark('message'),
    writePauseMs: undefined,
  };
}

export const pushWays: JobWays = {
  design: 'valkey',
  leader: ({ source }) => source,
  // Several jobs a node are allowed; one a pair keeps the memory of snapshots within bounds.
  busy: ({ source, target }) => [`${source.id} ${target.id}`],
  async list(link) {
    return readJobs(await (await link.connection()).command(['CLUSTER', 'GETSLOTMIGRATIONS']), read);
  },
  async start({ source, target }: JobEnds, slots: SlotSet) {
    await (await source.connection()).command(['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...slots.ranges().flat(), 'NODE', target.id]);
  },
  async cancel({ source }) {
    await (await source.connection()).command(['CLUSTER', 'CANCELSLOTMIGRATIONS']);
  },
  bystanders: (jobs, { source }) => jobs.filter((job) => job.end === undefined && job.side === 'source' && job.source === source.id),
};

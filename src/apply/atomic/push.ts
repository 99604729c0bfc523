// Valkey 9 and later: the source exports slots. A failed job is final, and all exports of a node are cancelled together (cli.md
// 6.1).
import type { SlotSet } from '../../cluster/slot-set.js';
import type { JobEnd, JobEnds, JobFields, JobReport, MigrationProtocol } from './job.js';
import { readJobs } from './job.js';

const ENDS: Readonly<Record<string, JobEnd>> = { success: 'done', cancelled: 'cancelled', failed: 'failed' };

/** `reporter`: id of the node whose list it is in. */
function read(fields: JobFields, reporter: string): JobReport | undefined {
  const id = fields.text('name');
  const state = fields.text('state');
  const side = fields.text('operation').toUpperCase() === 'EXPORT' ? 'source' : 'target';
  if (id === '' || state === '') return undefined;
  return {
    id,
    source: fields.text('source_node') || (side === 'source' ? reporter : ''),
    target: fields.text('target_node') || (side === 'target' ? reporter : ''),
    slots: fields.slots('slot_ranges'),
    side,
    state,
    end: ENDS[state],
    retries: 0,
    message: fields.text('message'),
    writePauseMs: undefined,
  };
}

export const pushProtocol: MigrationProtocol = {
  leader: ({ source }) => source,
  // The server permits several jobs per node. One per pair limits the memory of snapshots.
  busy: ({ source, target }) => [`${source.id} ${target.id}`],
  async list(link) {
    return readJobs(await (await link.connection()).command(['CLUSTER', 'GETSLOTMIGRATIONS']), (fields) => read(fields, link.id));
  },
  async start({ source, target }: JobEnds, slots: SlotSet) {
    await (await source.connection()).command(['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...slots.ranges().flat(), 'NODE', target.id]);
  },
  async cancel({ source }) {
    await (await source.connection()).command(['CLUSTER', 'CANCELSLOTMIGRATIONS']);
  },
  alsoCancelled: (jobs, { source }) => jobs.filter((job) => job.end === undefined && job.side === 'source' && job.source === source.id),
};

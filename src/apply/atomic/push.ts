// Valkey 9 and later: the source exports slots. A failed job is final, and all exports of a node are cancelled together (cli.md
// 6.1).
import type { SlotSet } from '../../cluster/slot-set.js';
import { ReplyError } from '../../resp/reply.js';
import type { JobEnd, JobEnds, JobFields, JobReport, MigrationProtocol } from './job.js';
import { readJobs } from './job.js';

const ENDS: Readonly<Record<string, JobEnd>> = { success: 'done', cancelled: 'cancelled', failed: 'failed' };

/**
 * Cancels the exports of a node unless one is in `failover-granted`: its target takes the slots whatever the source then does,
 * but a source that cancels serves writes again, and they are lost (cli.md 6.1). A script, because the state can change between
 * two commands; read-only, because others wait until a handover's pause of writes has ended.
 */
const CANCEL_SCRIPT = `for _, job in ipairs(redis.call('CLUSTER', 'GETSLOTMIGRATIONS')) do
  local field = {}
  for at = 1, #job, 2 do field[job[at]] = job[at + 1] end
  if field.operation == 'EXPORT' and field.state == 'failover-granted' then return 0 end
end
redis.call('CLUSTER', 'CANCELSLOTMIGRATIONS')
return 1`;

const NONE_RUNS = /no (slot )?migrations? (ongoing|is in progress)/i;

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
    try {
      return (await (await source.connection()).command(['EVAL_RO', CANCEL_SCRIPT, 0])) === 1;
    } catch (error) {
      if (error instanceof ReplyError && NONE_RUNS.test(error.message)) return true;
      throw error;
    }
  },
  alsoCancelled: (jobs, { source }) => jobs.filter((job) => job.end === undefined && job.side === 'source' && job.source === source.id),
};

// Redis 8.4 and later: the target imports slots and retries until it is cancelled (cli.md 6.2).
import type { SlotSet } from '../../cluster/slot-set.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';
import type { JobEnd, JobEnds, JobFields, JobReport, MigrationProtocol } from './job.js';
import { readJobs } from './job.js';

const ENDS: Readonly<Record<string, JobEnd>> = { completed: 'done', canceled: 'cancelled', failed: 'failed' };

/** A failed target restarts about a second later; the source then has a new task with the same id. */
function endOf(state: string, side: JobReport['side']): JobEnd | undefined {
  return state === 'failed' && side === 'target' ? undefined : ENDS[state];
}

/** `reporter`: id of the node whose list it is in. */
function read(fields: JobFields, reporter: string): JobReport | undefined {
  const id = fields.text('id');
  const state = fields.text('state');
  const side = fields.text('operation').toLowerCase() === 'import' ? 'target' : 'source';
  if (id === '' || state === '') return undefined;
  return {
    id,
    source: fields.text('source') || (side === 'source' ? reporter : ''),
    target: fields.text('dest') || (side === 'target' ? reporter : ''),
    slots: fields.slots('slots'),
    side,
    state,
    end: endOf(state, side),
    retries: fields.number('retries') ?? 0,
    message: fields.text('last_error'),
    writePauseMs: fields.number('write_pause_ms'),
  };
}

async function cancelAt(link: NodeLink, id: string): Promise<void> {
  await (await link.connection()).command(['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id]);
}

export const pullProtocol: MigrationProtocol = {
  leader: ({ target }) => target,
  // One task per node, as source or as target.
  busy: ({ source, target }) => [source.id, target.id],
  async list(link) {
    return readJobs(await (await link.connection()).command(['CLUSTER', 'MIGRATION', 'STATUS', 'ALL']), (fields) => read(fields, link.id));
  },
  async start({ target }: JobEnds, slots: SlotSet) {
    await (await target.connection()).command(['CLUSTER', 'MIGRATION', 'IMPORT', ...slots.ranges().flat()]);
  },
  /** The target first: cancelled only at the source, the task would restart. */
  async cancel({ source, target }, id) {
    await cancelAt(target, id).catch((error: unknown) => {
      if (!(error instanceof ReplyError) || error.code === 'NOPERM') throw error; // The task may have ended.
    });
    await cancelAt(source, id).catch(() => undefined); // The source may not know the task yet, or no longer.
    return true;
  },
  alsoCancelled: () => [],
};

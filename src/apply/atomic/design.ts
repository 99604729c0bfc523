// Which servers move slots by themselves, and how: two designs that have only the idea in common (cli 6). Asked of the
// servers' own list of commands, not of their version. Not here: the commands (pull.ts, push.ts).
import type { Reply, ReplyError } from '../../resp/reply.js';
import { mapBounded } from '../parallel.js';
import type { NodeLink } from '../node-link.js';
import type { JobWays } from './job.js';
import { pullWays } from './pull.js';
import { pushWays } from './push.js';

const PROBE = ['COMMAND', 'INFO', 'cluster|migration', 'cluster|migrateslots'];
const AT_ONCE = 64;

/** The element of a name that the server doesn't know is nil. */
function knows(reply: Reply | ReplyError | undefined, index: number): boolean {
  const entry = Array.isArray(reply) ? reply[index] : undefined;
  return Array.isArray(entry) && entry.length > 0;
}

/** What a node can do; undefined when it can't, or its user may not ask. Rejects as its connection does. */
export async function waysOf(link: NodeLink): Promise<JobWays | undefined> {
  const [reply] = await (await link.connection()).pipeline([PROBE]);
  if (knows(reply, 0)) return pullWays;
  return knows(reply, 1) ? pushWays : undefined;
}

/** The ways of many nodes, by id; those that don't answer have none. */
export async function waysOfAll(links: readonly NodeLink[]): Promise<Map<string, JobWays>> {
  const found = new Map<string, JobWays>();
  await mapBounded(links, AT_ONCE, async (link) => {
    const ways = await waysOf(link).catch(() => undefined);
    if (ways !== undefined) found.set(link.id, ways);
  });
  return found;
}

// Which servers move slots atomically, and by which of two designs (cli.md 6). Read from the server's command list, not from
// its version; the user must also be allowed to list jobs. Not here: the commands (pull.ts, push.ts).
import { ReplyError, type Reply } from '../../resp/reply.js';
import { mapBounded } from '../node/parallel.js';
import type { NodeLink } from '../node/node-link.js';
import type { JobWays } from './job.js';
import { pullWays } from './pull.js';
import { pushWays } from './push.js';

const PROBE = ['COMMAND', 'INFO', 'cluster|migration', 'cluster|migrateslots'];
const AT_ONCE = 64;

/** COMMAND INFO returns nil for a name that the server does not know. */
function knows(reply: Reply | undefined, index: number): boolean {
  const entry = Array.isArray(reply) ? reply[index] : undefined;
  return Array.isArray(entry) && entry.length > 0;
}

/** The designs that a node may support; all of them when its user may not run COMMAND INFO. */
function candidates(reply: Reply | ReplyError | undefined): JobWays[] {
  if (reply instanceof ReplyError) return [pullWays, pushWays];
  return [...(knows(reply, 0) ? [pullWays] : []), ...(knows(reply, 1) ? [pushWays] : [])];
}

/**
 * The design that a node supports; undefined when it supports none, or when its user may not list jobs and so could not follow
 * one. Rejects as its connection does.
 */
export async function waysOf(link: NodeLink): Promise<JobWays | undefined> {
  const [reply] = await (await link.connection()).pipeline([PROBE]);
  for (const ways of candidates(reply)) {
    try {
      await ways.list(link);
      return ways;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
    }
  }
  return undefined;
}

/** The designs of many nodes, by id; nodes that do not reply are left out. */
export async function waysOfAll(links: readonly NodeLink[]): Promise<Map<string, JobWays>> {
  const found = new Map<string, JobWays>();
  await mapBounded(links, AT_ONCE, async (link) => {
    const ways = await waysOf(link).catch(() => undefined);
    if (ways !== undefined) found.set(link.id, ways);
  });
  return found;
}

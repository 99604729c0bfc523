// Which servers move slots atomically, and by which of two protocols (cli.md 6). Read from the server's command list, not from
// its version; the user must also be allowed to list jobs. Not here: the commands (pull.ts, push.ts).
import { ReplyError, type Reply } from '../../resp/reply.js';
import { mapBounded } from '../node/parallel.js';
import type { NodeLink } from '../node/node-link.js';
import type { MigrationProtocol } from './job.js';
import { pullProtocol } from './pull.js';
import { pushProtocol } from './push.js';

const PROBE = ['COMMAND', 'INFO', 'cluster|migration', 'cluster|migrateslots'];
const AT_ONCE = 64;

/** COMMAND INFO returns nil for a name that the server does not know. */
function knows(reply: Reply | undefined, index: number): boolean {
  const entry = Array.isArray(reply) ? reply[index] : undefined;
  return Array.isArray(entry) && entry.length > 0;
}

/** The protocols that a node may support; all of them when its user may not run COMMAND INFO. */
function candidates(reply: Reply | ReplyError | undefined): MigrationProtocol[] {
  if (reply instanceof ReplyError) return [pullProtocol, pushProtocol];
  return [...(knows(reply, 0) ? [pullProtocol] : []), ...(knows(reply, 1) ? [pushProtocol] : [])];
}

/**
 * The protocol that a node supports; undefined when it supports none, or when its user may not list jobs and so could not
 * follow one. Rejects as its connection does.
 */
export async function protocolOf(link: NodeLink): Promise<MigrationProtocol | undefined> {
  const [reply] = await (await link.connection()).pipeline([PROBE]);
  for (const protocol of candidates(reply)) {
    try {
      await protocol.list(link);
      return protocol;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
    }
  }
  return undefined;
}

/** The protocols of many nodes, by id; nodes that do not reply are left out. */
export async function protocolsOf(links: readonly NodeLink[]): Promise<Map<string, MigrationProtocol>> {
  const found = new Map<string, MigrationProtocol>();
  await mapBounded(links, AT_ONCE, async (link) => {
    const protocol = await protocolOf(link).catch(() => undefined);
    if (protocol !== undefined) found.set(link.id, protocol);
  });
  return found;
}

// Ids of nodes that are to join: two servers must not have the same id, and a former member takes a new one. Not here: whether
// they are empty (create.ts), joining (steps/join.ts).
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import { parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';
import { reset } from './leave.js';
import { requireHeld } from './unchanged.js';

/** Random run_id of a server process: equal for two addresses only if they lead to one server. Undefined when INFO lacks it. */
async function runIdOf(link: NodeLink): Promise<string | undefined> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'server']]);
  return typeof info === 'string' ? parseInfo(info).get('run_id') : undefined;
}

/** Whether two links lead to one server process. Without a run_id they are the same only at the same address. */
export async function isSameServer(one: NodeLink, other: NodeLink): Promise<boolean> {
  const [mine, theirs] = await Promise.all([runIdOf(one), runIdOf(other)]);
  if (mine !== undefined && theirs !== undefined) return mine === theirs;
  return one.address.host === other.address.host && one.address.port === other.address.port;
}

/** Path of the file with the node's id; `its nodes.conf` when CONFIG is refused. */
async function nodesFile(link: NodeLink): Promise<string> {
  const replies = await (await link.connection()).pipeline([['CONFIG', 'GET', 'dir'], ['CONFIG', 'GET', 'cluster-config-file']]);
  const [dir, file] = replies.map((reply) => (Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : ''));
  if (dir === undefined || dir === '' || file === undefined || file === '') return 'its nodes.conf';
  return file.startsWith('/') ? file : `${dir}/${file}`;
}

async function sameId(link: NodeLink, other: string): Promise<TribError> {
  const file = await nodesFile(link);
  return new TribError('SAME_ID', `Node ${link.name} is another server than ${other}, but has the same id: ${link.id}`, {
    hint: `its nodes.conf was copied from that server: stop ${link.name}, delete ${file}, and start it again; nothing was changed`,
  });
}

/** Throws TribError SAME_ID when two links are different servers with one id (a copied nodes.conf). */
export async function requireOwnIds(links: readonly NodeLink[]): Promise<void> {
  const seen = new Map<string, NodeLink>();
  for (const link of links) {
    const other = seen.get(link.id);
    if (other !== undefined && !(await isSameServer(other, link))) throw await sameId(link, other.name);
    seen.set(link.id, link);
  }
}

/**
 * Throws TribError SAME_ID when a joining node has the id of a member but is another server: MEET would replace the member's
 * address by its own.
 */
export async function requireNoMemberId(view: ClusterView, members: ReadonlyMap<string, NodeLink>, candidates: Iterable<NodeLink>): Promise<void> {
  for (const candidate of candidates) {
    const member = members.get(candidate.id);
    if (member !== undefined) {
      if (!(await isSameServer(member, candidate))) throw await sameId(candidate, `member ${member.name}`);
      continue;
    }
    const absent = view.unreachable.find((node) => node.id === candidate.id);
    if (absent !== undefined && absent.name !== candidate.name) throw await sameId(candidate, `member ${absent.name}, which cannot be reached (${absent.reason})`);
  }
}

/** Whether the node has been in a cluster since its id was created: only a hard reset sets the epoch back to 0. */
async function wasMember(link: NodeLink): Promise<boolean> {
  const [info] = await (await link.connection()).pipeline([['CLUSTER', 'INFO']]);
  if (info instanceof ReplyError || typeof info !== 'string') return false;
  return Number(parseInfo(info).get('cluster_current_epoch') ?? 0) > 0;
}

/**
 * Gives former members that are empty a new id (CLUSTER RESET HARD). Servers since 7.2 gossip forgotten ids for a minute and
 * would drop the node again (cluster-node.md 2.3). `known`: ids that members list; such a node keeps its id. Returns whether
 * any id has changed. Throws TribError RESET_REFUSED.
 */
export async function renewIds(links: Iterable<NodeLink>, known: ReadonlySet<string> = new Set()): Promise<boolean> {
  const renewed = await Promise.all(
    [...links].map(async (link) => {
      if (known.has(link.id) || !(await wasMember(link))) return false;
      await requireHeld(link, new SlotSet()); // It may have got slots since it was found empty.
      await reset({ link: () => link }, link.id, 'hard');
      return true;
    }),
  );
  return renewed.includes(true);
}

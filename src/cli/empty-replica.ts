// failover --force and --takeover: a replica becomes the master with whatever it has. One without a copy of its master's
// data is refused here, unless a flag gives the data up. Not here: asking it (apply/replica-copies.ts), telling one
// from the other (plan/replica-copy.ts).
import type { Cluster } from '../apply/open-cluster.js';
import { readCopies, readCopy, slotsOf } from '../apply/replica-copies.js';
import { TribError } from '../errors.js';
import { copyText, lacksCopy, promoteAdvice, type ReplicaCopy } from '../plan/replica-copy.js';
import { ReplyError } from '../resp/reply.js';
import type { CommandContext } from './define.js';

interface Pair {
  readonly node: { readonly id: string; readonly name: string };
  readonly master: { readonly id: string; readonly name: string };
}

/** Keys the master has, undefined when it can't be asked: then it may have any number. */
async function keysOf(cluster: Cluster, id: string): Promise<number | undefined> {
  if (cluster.view.node(id) === undefined) return undefined;
  return (await cluster.admin(id)).dbSize().catch(() => undefined);
}

/** What the replica has, or why it does not tell. */
async function ask(cluster: Cluster, id: string): Promise<ReplicaCopy | ReplyError> {
  try {
    return await readCopy(cluster, cluster.view.find(id));
  } catch (error) {
    if (error instanceof ReplyError) return error; // NOPERM; or LOADING, with which it refuses the failover too
    throw error;
  }
}

/** `all keys of its 5461 slots`, with their number where it is known. */
function loss(slots: number, keys: number | undefined): string {
  return `${keys === undefined ? 'all keys' : `the ${keys} keys`} of its ${slots} slots`;
}

/**
 * Looks at the replica before it takes the place of its master without it. Returns what it tells, undefined when it may not
 * be asked. Throws NO_COPY where keys would be lost and `allowed` is not set.
 */
export async function requireCopy(cluster: Cluster, { node, master }: Pair, allowed: boolean, { io }: CommandContext): Promise<ReplicaCopy | undefined> {
  const copy = await ask(cluster, node.id);
  const warn = (text: string): void => io.note(`${io.errStyle.warn('warning:')} ${text}`);
  if (copy instanceof ReplyError) {
    warn(`${node.name} does not tell whether it has a copy of the data of ${master.name}: ${copy.message}`);
    return undefined;
  }
  const slots = slotsOf(cluster.view, master.id).size;
  if (!lacksCopy(copy) || slots === 0) return copy;
  const keys = await keysOf(cluster, master.id);
  if (keys === 0) return copy;
  const lost = loss(slots, keys);
  if (allowed) {
    warn(`${node.name} has no copy of the data of ${master.name} (${copyText(copy)}): ${lost} are given up`);
    return copy;
  }
  const better = promoteAdvice(cluster.view, master.id, await readCopies(cluster, [master.id]));
  throw new TribError('NO_COPY', `${node.name} has no copy of the data of ${master.name} (${copyText(copy)}): as the master it would be without ${lost}, and ${master.name} would become its replica and delete them${cluster.view.node(master.id) === undefined ? ' when it is back' : ''}`, {
    hint: `${better ?? `wait until ${master.name} is back`}; to give its data up: --empty-replica`,
  });
}

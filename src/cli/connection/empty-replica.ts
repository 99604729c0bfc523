// failover --force and --takeover promote a replica with whatever data it has. Refuses one without a copy of its master's data,
// unless a flag gives the data up. Not here: reading the copy (apply/cluster/replica-copies.ts), judging it
// (plan/replica-copy.ts).
import type { Cluster } from '../../apply/open-cluster.js';
import { readCopies, readCopy, slotsOf } from '../../apply/cluster/replica-copies.js';
import { countKeys } from '../../apply/node/slot-keys.js';
import { TribError } from '../../errors.js';
import { copyText, lacksCopy, promoteAdvice, type ReplicaCopy } from '../../plan/replica-copy.js';
import { ReplyError } from '../../resp/reply.js';
import type { SubcommandContext } from '../program/define.js';

interface ReplicaPair {
  readonly node: { readonly id: string; readonly name: string };
  readonly master: { readonly id: string; readonly name: string };
}

/** Number of keys on the master; undefined when it cannot be asked. */
async function keysOf(cluster: Cluster, id: string): Promise<number | undefined> {
  if (cluster.view.node(id) === undefined) return undefined;
  return countKeys(cluster.link(id)).catch(() => undefined);
}

/** The replica's copy, or its error reply. */
async function ask(cluster: Cluster, id: string): Promise<ReplicaCopy | ReplyError> {
  try {
    return await readCopy(cluster, cluster.view.find(id));
  } catch (error) {
    if (error instanceof ReplyError) return error; // NOPERM; or LOADING, with which it refuses the failover too.
    throw error;
  }
}

/** For example `all keys of its 5461 slots`, with the number of keys if known. */
function loss(slots: number, keys: number | undefined): string {
  return `${keys === undefined ? 'all keys' : `the ${keys} keys`} of its ${slots} slots`;
}

/**
 * Reads the replica's copy before it is promoted without its master. Returns it; undefined when it may not be read. Throws
 * NO_COPY when keys would be lost and `allowed` is not set.
 */
export async function requireCopy(cluster: Cluster, { node, master }: ReplicaPair, allowed: boolean, { io }: SubcommandContext): Promise<ReplicaCopy | undefined> {
  const copy = await ask(cluster, node.id);
  const warn = (text: string): void => io.warn(`${text}`);
  if (copy instanceof ReplyError) {
    warn(`${node.name} does not report whether it has a copy of the data of ${master.name}: ${copy.message}`);
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
  throw new TribError('NO_COPY', `${node.name} has no copy of the data of ${master.name} (${copyText(copy)}): after its promotion ${lost} would be missing, and ${master.name} would become its replica and delete them${cluster.view.node(master.id) === undefined ? ' when it is back' : ''}`, {
    hint: `${better ?? `wait until ${master.name} is back`}; to give up its data: --empty-replica`,
  });
}

// Servers that share one node id: the text that names them, and the refusal of changes while they run. Pure. Not here: finding
// them (apply/cluster/shared-ids.ts).
import { counted } from './counted.js';
import { TribError } from '../errors.js';
import type { ClusterView, SharedId } from './view.js';

export const SHARED_ID_ADVICE = 'stop the server whose nodes.conf is a copy (usually the one with fewer keys), delete that nodes.conf, and start it again: it gets an id of its own';

/** As `127.0.0.1:7000 (master, 10 keys) and 127.0.0.1:7009 (master, 0 keys) are two servers with the same id 0123…`. */
export function sharedIdText({ id, servers }: SharedId): string {
  const list = servers.map(({ name, role, keys }) => `${name} (${role}${keys === undefined ? '' : `, ${counted(keys, 'key')}`})`);
  return `${list.join(' and ')} are ${servers.length} servers with the same node id ${id.slice(0, 8)}: a nodes.conf was copied`;
}

/** Throws TribError SAME_ID: a command for one of the servers could reach the other. */
export function refuseSharedIds({ sharedIds }: ClusterView): void {
  const [first] = sharedIds;
  if (first !== undefined) throw new TribError('SAME_ID', `${sharedIdText(first)}. Nothing was changed`, { hint: SHARED_ID_ADVICE });
}

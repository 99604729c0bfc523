// A second look for open slots right after a failover: a program that takes no lock may have opened slots between the check before it
// (cluster/role-guard.ts) and the promotion. Read-only.
import { parseNodesText, type NodeLine } from '../../cluster/nodes-text.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

const AT_ONCE = 64;

/** The node's own line when it is a master; undefined when it cannot be asked. */
async function ownLine(link: NodeLink): Promise<NodeLine | undefined> {
  const [reply] = await link.connection().then((connection) => connection.pipeline([['CLUSTER', 'NODES']])).catch(() => []);
  const self = typeof reply === 'string' ? parseNodesText(reply).find(({ myself }) => myself) : undefined;
  return self?.role === 'master' ? self : undefined;
}

/**
 * The text of a warning when the new master has open slots, or another master has slots open that name the former or the new one: the former
 * master has closed its own when it became a replica. Undefined when there are none.
 */
export async function openedMeanwhile(links: readonly NodeLink[], replica: NodeLink, master: string): Promise<string | undefined> {
  const slots = new SlotSet();
  const where: string[] = [];
  for (const self of await mapBounded(links, AT_ONCE, ownLine)) {
    const open = [...(self?.migrating ?? []), ...(self?.importing ?? [])].filter(([, peer]) => self?.id === replica.id || peer === master || peer === replica.id);
    if (self === undefined || open.length === 0) continue;
    for (const [slot] of open) slots.add(slot);
    where.push(links.find(({ id }) => id === self.id)?.name ?? self.id);
  }
  if (slots.size === 0) return undefined;
  const list = slots.tokens().slice(0, 5).join(',');
  return `${slots.size === 1 ? `slot ${list} is` : `slots ${list}${slots.tokens().length > 5 ? ' …' : ''} are`} open on ${where.join(', ')} after the failover: another program may be moving keys of this shard, and clients may miss keys that it has moved. Stop it, then: redis-trib fix ${replica.name}`;
}

// A second look for open slots right after a failover: a program that takes no lock may have opened slots between the check
// before it (cluster/role-guard.ts) and the promotion. Read-only.
import { SlotSet } from '../../cluster/slot-set.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { ownMasterLine } from '../cluster/own-master-line.js';

const AT_ONCE = 64;

/**
 * The text of a warning when the new master has open slots, or another master has slots open that name the former or the new
 * one: the former master has closed its own when it became a replica. Undefined when there are none.
 */
export async function openedMeanwhile(links: readonly NodeLink[], replica: NodeLink, master: string): Promise<string | undefined> {
  const slots = new SlotSet();
  const where: string[] = [];
  for (const self of await mapBounded(links, AT_ONCE, ownMasterLine)) {
    const open = [...(self?.migrating ?? []), ...(self?.importing ?? [])].filter(([, peer]) => self?.id === replica.id || peer === master || peer === replica.id);
    if (self === undefined || open.length === 0) continue;
    for (const [slot] of open) slots.add(slot);
    where.push(links.find(({ id }) => id === self.id)?.name ?? self.id);
  }
  if (slots.size === 0) return undefined;
  return `${slots.size === 1 ? 'slot' : 'slots'} ${slots.shortText()} ${slots.size === 1 ? 'is' : 'are'} open on ${where.join(', ')} after the failover: another program may be moving keys of this shard, and clients may miss keys that it has moved. Stop it, then: redis-trib fix ${replica.name}`;
}

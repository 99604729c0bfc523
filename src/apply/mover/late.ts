// Masters that took no part in a move and have not heard of it: announcements reach them within milliseconds, and who
// missed them (a broken bus link) is told directly, once the move is over. Not here: why not at once (closing.ts).
import { asString } from '../../client/read-reply.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import { delay } from '../delay.js';
import { mapBounded } from '../parallel.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { tell } from './set-slot.js';

/** Milliseconds that announcements get before somebody is told directly. */
const PATIENCE_MS = 5000;
const POLL_MS = 25;
const AT_ONCE = 64;
const ID_LENGTH = 40;

/** A node's CLUSTER NODES. Rejects as its connection does. */
export async function nodesText(link: NodeLink): Promise<string> {
  return asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
}

/** The slots of `owners` (slot → id of its new owner) that a node's CLUSTER NODES ascribes to others. */
export function unaware(text: string, owners: ReadonlyMap<number, string>): Map<string, number[]> {
  const wanted = new Set(owners.values());
  const lines = parseNodesText(text.split('\n').filter((line) => wanted.has(line.slice(0, ID_LENGTH))).join('\n')); // the others' slots may be long lists
  const slotsOf = new Map(lines.map((line) => [line.id, line.slots]));
  const missing = new Map<string, number[]>();
  for (const [slot, owner] of owners) {
    if (slotsOf.get(owner)?.has(slot) === true) continue;
    missing.set(owner, [...(missing.get(owner) ?? []), slot]);
  }
  return missing;
}

async function bringUpToDate(settings: MoverSettings, link: NodeLink, owners: ReadonlyMap<number, string>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const missing = unaware(await nodesText(link), owners);
    if (missing.size === 0) return;
    if (Date.now() > deadline) {
      for (const [owner, slots] of missing) await tell(settings, link, slots, owner);
      return;
    }
    await delay(POLL_MS);
  }
}

/** Makes sure that every node of `links` knows the new owners. Failures are nobody's loss: gossip goes on telling. */
export async function tellLateOnes(settings: MoverSettings, links: readonly NodeLink[], owners: ReadonlyMap<number, string>): Promise<void> {
  if (owners.size === 0) return;
  await mapBounded(links, AT_ONCE, (link) => bringUpToDate(settings, link, owners).catch(() => undefined));
}

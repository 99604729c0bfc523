// Nodes that took no part in a move and have not heard of it: announcements reach them within milliseconds, and a master that
// missed them (a broken bus link) is told directly, once the move is over. Not here: why not at once (closing.ts).
import { asString } from '../../client/read-reply.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import { delay, graceAfter, unlessAborted } from '../delay.js';
import { mapBounded } from '../parallel.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { tell } from './set-slot.js';

/** Milliseconds that announcements get before somebody is told directly. */
const PATIENCE_MS = 5000;
/** What is left of it for who wants to stop. */
const GRACE_MS = 1000;
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

/** Resolves when the node knows the new owners; after some patience returns what it still ascribes to others. */
async function heard(link: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<Map<string, number[]>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const missing = unaware(await unlessAborted(nodesText(link), signal), owners);
    if (missing.size === 0 || Date.now() > deadline) return missing;
    await delay(POLL_MS, signal);
  }
}

/** As `heard`, for one that may never answer: what it knows is not worth more than the patience. */
async function waitFor(replica: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  await Promise.race([heard(replica, owners, signal), delay(PATIENCE_MS, ended.signal)]).catch(() => undefined);
  ended.abort();
}

async function bringUpToDate(settings: MoverSettings, link: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<void> {
  for (const [owner, slots] of await heard(link, owners, signal)) await tell(settings, link, slots, owner);
}

/**
 * Makes sure that every master knows the new owners, and waits a while for replicas, which can't be told: whoever looks at the
 * cluster after us should find one that agrees. Failures are nobody's loss, nor is an end by the user: gossip goes on telling.
 */
export async function tellLateOnes(settings: MoverSettings, masters: readonly NodeLink[], replicas: readonly NodeLink[], owners: ReadonlyMap<number, string>): Promise<void> {
  if (owners.size === 0) return;
  using grace = graceAfter(settings.signal, GRACE_MS);
  await Promise.all([
    mapBounded(masters, AT_ONCE, (link) => bringUpToDate(settings, link, owners, grace.signal).catch(() => undefined)),
    mapBounded(replicas, AT_ONCE, (link) => waitFor(link, owners, grace.signal)),
  ]);
}

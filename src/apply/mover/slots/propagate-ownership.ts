// Makes nodes outside a move learn the new owners. Announcements reach them within milliseconds; a master that missed them (a
// broken bus link) gets SETSLOT after the move. Not here: why not earlier (slot-handover.ts).
import { asString } from '../../../client/read-reply.js';
import { parseNodesText } from '../../../cluster/nodes-text.js';
import { delay, graceAfter, unlessAborted } from '../../node/delay.js';
import { mapBounded } from '../../node/parallel.js';
import type { NodeLink } from '../../node/node-link.js';
import type { MoverSettings } from '../pacing/options.js';
import { announceOwner } from './set-slot.js';

/** Milliseconds to wait for the announcement before SETSLOT is sent. */
const PATIENCE_MS = 5000;
/** Milliseconds to wait for it after an abort. */
const GRACE_MS = 1000;
const FIRST_POLL_MS = 2;
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

/** Resolves when the node knows the new owners; after PATIENCE_MS returns the slots that it still ascribes to others. */
async function heard(link: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<Map<string, number[]>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, POLL_MS)) {
    const missing = unaware(await unlessAborted(nodesText(link), signal), owners);
    if (missing.size === 0 || Date.now() > deadline) return missing;
    await delay(pause, signal);
  }
}

/** As `heard`, for a node that may never reply: gives up after PATIENCE_MS. */
async function waitFor(replica: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  await Promise.race([heard(replica, owners, signal), delay(PATIENCE_MS, ended.signal)]).catch(() => undefined);
  ended.abort();
}

async function bringUpToDate(settings: MoverSettings, link: NodeLink, owners: ReadonlyMap<number, string>, signal: AbortSignal): Promise<void> {
  for (const [owner, slots] of await heard(link, owners, signal)) await announceOwner(settings, link, slots, owner);
}

/**
 * Makes every master learn the new owners, and waits a while for replicas, which do not accept SETSLOT. Then a check that
 * follows finds a cluster that agrees. Errors and aborts are ignored: gossip continues to propagate the owners.
 */
export async function propagateOwnership(settings: MoverSettings, masters: readonly NodeLink[], replicas: readonly NodeLink[], owners: ReadonlyMap<number, string>): Promise<void> {
  if (owners.size === 0) return;
  using grace = graceAfter(settings.signal, GRACE_MS);
  await Promise.all([
    mapBounded(masters, AT_ONCE, (link) => bringUpToDate(settings, link, owners, grace.signal).catch(() => undefined)),
    mapBounded(replicas, AT_ONCE, (link) => waitFor(link, owners, grace.signal)),
  ]);
}

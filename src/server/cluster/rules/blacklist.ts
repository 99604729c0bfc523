// Nodes that were forgotten and may not come back by gossip for a while (cluster-node 3.11). Who is met anew after that was
// wanted back: FORGET and MEET are both the administrator's word, and the later one holds.
import { BLACKLIST_MS } from '../wire/constants.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';

/** Remembers a forgotten id. `ms` is how long, default a minute. */
export function blacklist(context: StepContext, id: string, ms = BLACKLIST_MS): void {
  purge(context);
  context.state.blacklist.set(id, context.now + ms);
}

/** True while the id must not be learned from gossip. */
export function isBlacklisted(context: StepContext, id: string): boolean {
  if (context.state.blacklist.size === 0) return false;
  purge(context);
  return context.state.blacklist.has(id);
}

function purge(context: StepContext): void {
  for (const [id, until] of context.state.blacklist) if (until < context.now) context.state.blacklist.delete(id);
}

/** When the ban of a node was spoken here, ms; undefined: there is none. */
export function bannedAt(context: StepContext, id: string): number | undefined {
  const until = context.state.blacklist.get(id);
  return until === undefined ? undefined : until - BLACKLIST_MS;
}

/** Others tell the rest of a ban in whole seconds, which may be one too many or too few. */
const TOLD_WITHIN_MS = 1000;

/** When a ban was spoken of which another node tells that it lasts for `seconds` more; the earliest it may have been. */
export function toldBanAt(context: StepContext, seconds: number): number {
  return context.now + seconds * 1000 - BLACKLIST_MS - TOLD_WITHIN_MS;
}

/** True for a node that was met after the ban: gossip about the ban is old news then. */
export function isNewerThanBan(node: NodeRecord, bannedAtMs: number | undefined): boolean {
  return node.met && bannedAtMs !== undefined && node.createdAt >= bannedAtMs;
}

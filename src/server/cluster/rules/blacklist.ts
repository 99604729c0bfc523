// Nodes that were forgotten and must not be added again by gossip for a while (cluster-node.md 3.11). A MEET ends the
// ban: the administrator gives both commands, FORGET and MEET, and the later one takes effect.
import { BLACKLIST_MS } from '../wire/constants.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';

/** Bans a forgotten id. `ms` is how long, default a minute. */
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

/** When this node executed FORGET for node `id`, ms; undefined: never, or the ban is over. */
export function bannedAt(context: StepContext, id: string): number | undefined {
  const until = context.state.blacklist.get(id);
  return until === undefined ? undefined : until - BLACKLIST_MS;
}

/** Gossip announces the remaining time of a ban in whole seconds, so a start computed from it may be one second late. */
const BAN_PRECISION_MS = 1000;

/** Earliest possible start of a ban that another node announces with `seconds` left. */
export function gossipedBanAt(context: StepContext, seconds: number): number {
  return context.now + seconds * 1000 - BLACKLIST_MS - BAN_PRECISION_MS;
}

/** True for a node that was met after the ban: gossip about the ban is ignored then. */
export function isNewerThanBan(node: NodeRecord, bannedAtMs: number | undefined): boolean {
  return node.met && bannedAtMs !== undefined && node.createdAt >= bannedAtMs;
}

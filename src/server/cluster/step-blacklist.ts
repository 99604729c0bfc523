// Nodes that were forgotten and may not come back by gossip for a while (cluster-node 3.11). Who is met anew after that was
// wanted back: FORGET and MEET are both the administrator's word, and the later one holds.
import { BLACKLIST_MS } from './constants.js';
import type { NodeRecord } from './node-record.js';
import type { Turn } from './turn.js';

/** Remembers a forgotten id. `ms` is how long, default a minute. */
export function blacklist(turn: Turn, id: string, ms = BLACKLIST_MS): void {
  purge(turn);
  turn.state.blacklist.set(id, turn.now + ms);
}

/** True while the id must not be learned from gossip. */
export function isBlacklisted(turn: Turn, id: string): boolean {
  if (turn.state.blacklist.size === 0) return false;
  purge(turn);
  return turn.state.blacklist.has(id);
}

function purge(turn: Turn): void {
  for (const [id, until] of turn.state.blacklist) if (until < turn.now) turn.state.blacklist.delete(id);
}

/** When the ban of a node was spoken here, ms; undefined: there is none. */
export function bannedAt(turn: Turn, id: string): number | undefined {
  const until = turn.state.blacklist.get(id);
  return until === undefined ? undefined : until - BLACKLIST_MS;
}

/** Others tell the rest of a ban in whole seconds, which may be one too many or too few. */
const TOLD_WITHIN_MS = 1000;

/** When a ban was spoken of which another node tells that it lasts for `seconds` more; the earliest it may have been. */
export function toldBanAt(turn: Turn, seconds: number): number {
  return turn.now + seconds * 1000 - BLACKLIST_MS - TOLD_WITHIN_MS;
}

/** True for a node that was met after the ban: gossip about the ban is old news then. */
export function isNewerThanBan(node: NodeRecord, bannedAtMs: number | undefined): boolean {
  return node.met && bannedAtMs !== undefined && node.createdAt >= bannedAtMs;
}

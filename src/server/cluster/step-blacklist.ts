// Nodes that were forgotten and may not come back by gossip for a while (cluster-node 3.11).
import { BLACKLIST_MS } from './constants.js';
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

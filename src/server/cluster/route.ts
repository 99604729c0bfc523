// Where a request belongs (cluster-node 6.5): served here, sent elsewhere, or refused. Gathering keys and flags of a
// request is the executor's business. In the common case ClusterState.ownsStable answers and nothing here runs.
import { keySlot } from '../../cluster/slots.js';
import { preferredEndpoint } from './views/describe-replies.js';
import type { RouteRequest } from '../exec/ports/cluster-port.js';
import type { NodeRecord } from './state/node-record.js';
import type { ClusterState } from './state/state.js';

/** Why a request is not served here. */
export type Detour =
  | { readonly kind: 'unbound' | 'down' | 'downReadOnly' | 'crossSlot' | 'tryAgain' }
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly node: NodeRecord };

const UNBOUND: Detour = { kind: 'unbound' };
const DOWN: Detour = { kind: 'down' };
const DOWN_READ_ONLY: Detour = { kind: 'downReadOnly' };
const CROSS_SLOT: Detour = { kind: 'crossSlot' };
const TRY_AGAIN: Detour = { kind: 'tryAgain' };

const LINES = {
  unbound: 'CLUSTERDOWN Hash slot not served',
  down: 'CLUSTERDOWN The cluster is down',
  downReadOnly: 'CLUSTERDOWN The cluster is down and only accepts read commands',
  crossSlot: "CROSSSLOT Keys in request don't hash to the same slot",
  tryAgain: 'TRYAGAIN Multiple keys request during rehashing of slot',
} as const;

/** null: serve here. `exists` must look without side effects. */
export function route(state: ClusterState, query: RouteRequest, exists: (key: string) => boolean): Detour | null {
  const first = query.keys[0];
  if (first === undefined) return null;
  const slot = keySlot(first);
  const owner = state.slots.owner(slot);
  if (owner === null) return UNBOUND;
  for (let i = 1; i < query.keys.length; i++) if (keySlot(query.keys[i] ?? '') !== slot) return CROSS_SLOT;
  if (!state.ok) {
    const refusal = whileDown(state, query);
    if (refusal !== null) return refusal;
  } else if (state.slots.stable[slot] === 1) {
    return null;
  }
  const mine = owner === state.myself;
  const target = mine ? state.slots.migrating.get(slot) : undefined;
  const importing = target === undefined && state.slots.importing.has(slot);
  if ((target !== undefined || importing) && query.migrate) return null;
  if (target !== undefined) return whileMigrating(query, exists, slot, target);
  if (importing && query.asking) return whileImporting(query, exists);
  if (mine || readableReplica(state, query, owner)) return null;
  return { kind: 'moved', slot, node: owner };
}

/** Rows 1–3 of the table: what is refused while the cluster is FAIL. */
function whileDown(state: ClusterState, query: RouteRequest): Detour | null {
  const { settings } = state.env;
  if (query.shardChannel) return settings.allowPubsubShardWhenDown ? null : DOWN;
  if (!settings.allowReadsWhenDown) return DOWN;
  return query.write ? DOWN_READ_ONLY : null;
}

/** Rows 5 and 6: keys that left already are asked for at the target. */
function whileMigrating(query: RouteRequest, exists: (key: string) => boolean, slot: number, node: NodeRecord): Detour | null {
  if (query.shardChannel) return null;
  const missing = query.keys.reduce((count, key) => count + (exists(key) ? 0 : 1), 0);
  if (missing === 0) return null;
  return missing < query.keys.length ? TRY_AGAIN : { kind: 'ask', slot, node };
}

/** Rows 7 and 8: a request of several keys needs all of them here. */
function whileImporting(query: RouteRequest, exists: (key: string) => boolean): Detour | null {
  if (query.shardChannel) return null;
  const several = query.keys.some((key) => key !== query.keys[0]);
  return several && !query.keys.every(exists) ? TRY_AGAIN : null;
}

/** Row 9: a replica serves reads of clients that said READONLY. */
function readableReplica(state: ClusterState, query: RouteRequest, owner: NodeRecord): boolean {
  return (query.readonly || query.shardChannel) && !query.write && state.myself.isReplica && state.myself.master === owner;
}

/** The error line of a detour, without the leading `-`. */
export function detourLine(state: ClusterState, detour: Detour): string {
  if (detour.kind !== 'moved' && detour.kind !== 'ask') return LINES[detour.kind];
  const endpoint = preferredEndpoint(detour.node, state.env.settings.preferredEndpointType) ?? '';
  return `${detour.kind === 'moved' ? 'MOVED' : 'ASK'} ${detour.slot} ${endpoint}:${detour.node.port}`;
}

/**
 * For a client blocked on a key: the detour that ends its waiting, or null. Looked at about once a second.
 * `reading`: the client said READONLY and waits in a command that does not write.
 */
export function blockedDetour(state: ClusterState, key: string, reading: boolean): Detour | null {
  if (!state.ok) return DOWN;
  const slot = keySlot(key);
  const owner = state.slots.owner(slot);
  if (owner === null) return UNBOUND;
  if (owner === state.myself || state.slots.importing.has(slot)) return null;
  if (reading && state.myself.isReplica && state.myself.master === owner) return null;
  return { kind: 'moved', slot, node: owner };
}

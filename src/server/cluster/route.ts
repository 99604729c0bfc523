// Routing of a request (cluster-node.md 6.5): served here, redirected, or refused. exec/routing.ts collects the keys and flags
// of the request. For most requests ClusterState.ownsStable is true, and this code does not run.
import { keySlot } from '../../cluster/slots.js';
import { preferredEndpoint } from './views/describe-replies.js';
import type { RouteRequest } from '../exec/ports/cluster-port.js';
import type { NodeRecord } from './state/node-record.js';
import type { ClusterState } from './state/state.js';

/** Why a request is not served here. */
export type RouteError =
  | { readonly kind: 'unbound' | 'down' | 'downReadOnly' | 'crossSlot' | 'tryAgain' }
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly node: NodeRecord };

const UNBOUND: RouteError = { kind: 'unbound' };
const DOWN: RouteError = { kind: 'down' };
const DOWN_READ_ONLY: RouteError = { kind: 'downReadOnly' };
const CROSS_SLOT: RouteError = { kind: 'crossSlot' };
const TRY_AGAIN: RouteError = { kind: 'tryAgain' };

const LINES = {
  unbound: 'CLUSTERDOWN Hash slot not served',
  down: 'CLUSTERDOWN The cluster is down',
  downReadOnly: 'CLUSTERDOWN The cluster is down and only accepts read commands',
  crossSlot: "CROSSSLOT Keys in request don't hash to the same slot",
  tryAgain: 'TRYAGAIN Multiple keys request during rehashing of slot',
} as const;

/** null: serve here. `exists` must have no side effects. */
export function route(state: ClusterState, query: RouteRequest, exists: (key: string) => boolean): RouteError | null {
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

/** cluster-node.md 6.5, rows 1–3: what is refused while the cluster state is FAIL. */
function whileDown(state: ClusterState, query: RouteRequest): RouteError | null {
  const { settings } = state.env;
  if (query.shardChannel) return settings.allowPubsubShardWhenDown ? null : DOWN;
  if (!settings.allowReadsWhenDown) return DOWN;
  return query.write ? DOWN_READ_ONLY : null;
}

/** Rows 5 and 6: ASK when none of the keys is here any more, TRYAGAIN when only some are. */
function whileMigrating(query: RouteRequest, exists: (key: string) => boolean, slot: number, node: NodeRecord): RouteError | null {
  if (query.shardChannel) return null;
  const missing = query.keys.reduce((count, key) => count + (exists(key) ? 0 : 1), 0);
  if (missing === 0) return null;
  return missing < query.keys.length ? TRY_AGAIN : { kind: 'ask', slot, node };
}

/** Rows 7 and 8: a request of several keys needs all of them here. */
function whileImporting(query: RouteRequest, exists: (key: string) => boolean): RouteError | null {
  if (query.shardChannel) return null;
  const several = query.keys.some((key) => key !== query.keys[0]);
  return several && !query.keys.every(exists) ? TRY_AGAIN : null;
}

/** Row 9: a replica serves reads of clients that sent READONLY. */
function readableReplica(state: ClusterState, query: RouteRequest, owner: NodeRecord): boolean {
  return (query.readonly || query.shardChannel) && !query.write && state.myself.isReplica && state.myself.master === owner;
}

/** The error line of a routing error, without the leading `-`. */
export function routeErrorLine(state: ClusterState, error: RouteError): string {
  if (error.kind !== 'moved' && error.kind !== 'ask') return LINES[error.kind];
  const endpoint = preferredEndpoint(error.node, state.env.settings.preferredEndpointType) ?? '';
  return `${error.kind === 'moved' ? 'MOVED' : 'ASK'} ${error.slot} ${endpoint}:${error.node.port}`;
}

/**
 * For a client blocked on a key: the error that ends its wait, or null. Called ten times a second.
 * `reading`: the client sent READONLY.
 */
export function routeErrorOfBlocked(state: ClusterState, key: string, reading: boolean): RouteError | null {
  if (!state.ok) return DOWN;
  const slot = keySlot(key);
  const owner = state.slots.owner(slot);
  if (owner === null) return UNBOUND;
  if (owner === state.myself || state.slots.importing.has(slot)) return null;
  if (reading && state.myself.isReplica && state.myself.master === owner) return null;
  return { kind: 'moved', slot, node: owner };
}

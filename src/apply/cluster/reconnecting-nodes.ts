// Finds the second address of a node id that two servers use (a copied nodes.conf). A node keeps one incoming bus connection per
// id, so the two close each other's several times a second, and the address that the others list changes as often: one look may
// show one of the servers only. Read-only. Not here: whether both addresses are of one server (shared-ids.ts).
import type { LineCache, NodeLine } from '../../cluster/nodes-text.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import { formatAddress } from '../../cluster/address.js';
import type { Reply } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { NodeView } from './read-node-view.js';

/** Nodes to ask: each has a connection from every other node. */
const OBSERVERS = 3;
/** Milliseconds: two servers with one id open their connections again every 100 ms, of Valkey 9 every 750 ms. */
const YOUNG_MS = 1500;
/** The same while all connections of the observer are young: the cluster has just been made, and few commands should wait. */
const FRESH_MS = 400;
/**
 * Milliseconds to wait for the other address. Each server pings every node within half of cluster-node-timeout (default 15 s),
 * and the address is that of the last ping. The connections of a node that was just started get old meanwhile.
 */
const WATCH_MS = 10_000;
const POLL_MS = 100;

/** Ids from which the newest incoming connection is young. Servers before 7.0 do not tell. */
function youngIn(time: Reply | undefined, links: Reply | undefined): string[] {
  if (!Array.isArray(time) || !Array.isArray(links)) return [];
  const now = Number(time[0]) * 1000 + Number(time[1]) / 1000;
  const incoming = links.flatMap((link) => {
    if (!Array.isArray(link)) return [];
    const fields = new Map(Array.from({ length: link.length / 2 }, (_, index) => [link[2 * index], link[2 * index + 1]]));
    return fields.get('direction') === 'from' ? [{ id: String(fields.get('node')), ms: now - Number(fields.get('create-time')) }] : [];
  });
  const limit = incoming.some(({ ms }) => ms >= YOUNG_MS) ? YOUNG_MS : FRESH_MS;
  return incoming.filter(({ ms }) => ms < limit).map(({ id }) => id);
}

async function youngIds(observers: readonly NodeView[]): Promise<Set<string>> {
  const found = await Promise.all(
    observers.map(async ({ connection }) => {
      const [time, links] = await connection.pipeline([['TIME'], ['CLUSTER', 'LINKS']]).catch(() => []);
      return youngIn(time, links);
    }),
  );
  return new Set(found.flat());
}

async function linesNow(observers: readonly NodeView[], cache: LineCache): Promise<NodeLine[]> {
  const found = await Promise.all(
    observers.map(async ({ connection }) => {
      const [text] = await connection.pipeline([['CLUSTER', 'NODES']]).catch(() => []);
      return typeof text === 'string' ? parseNodesText(text, cache) : [];
    }),
  );
  return found.flat().filter(({ myself }) => !myself);
}

/** What is known of ids whose connections replace each other. */
export interface Contested {
  /** Lines of CLUSTER NODES with addresses that no visited node listed. */
  readonly lines: readonly NodeLine[];
  /** Ids whose other address was not listed in the time. */
  readonly hidden: readonly string[];
}

/**
 * Waits for the other address of an id while its connections are young, at most WATCH_MS. Rejects with ABORTED when the signal
 * fires.
 */
export async function contestedIds(visited: readonly NodeView[], cache: LineCache, signal: AbortSignal | undefined): Promise<Contested> {
  const observers = visited.slice(0, OBSERVERS);
  const until = Date.now() + WATCH_MS;
  let young = await youngIds(observers);
  const listed = new Set(young.size === 0 ? [] : visited.flatMap(({ lines }) => lines.map(placeOf)));
  while (young.size > 0 && Date.now() < until) {
    await delay(POLL_MS, signal);
    const others = (await linesNow(observers, cache)).filter((line) => young.has(line.id) && !listed.has(placeOf(line)));
    if (others.length > 0) return { lines: others, hidden: [] };
    const still = await youngIds(observers);
    young = new Set([...young].filter((id) => still.has(id)));
  }
  return { lines: [], hidden: [...young] };
}

function placeOf(line: NodeLine): string {
  return `${line.id} ${formatAddress(line)}`;
}

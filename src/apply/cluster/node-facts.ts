// What nodes report about themselves: version, memory, keys, replication. All nodes in parallel; a failure to report is
// recorded.
import { messageOf } from '../../errors.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { Cluster } from '../open-cluster.js';
import { mapBounded } from '../node/parallel.js';
import { countKeys } from '../node/slot-keys.js';

export interface NodeFacts {
  readonly version: string;
  /** 'valkey' when the server reports it, else 'redis'. */
  readonly server: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly clients: number;
  /** In all databases. */
  readonly keys: number;
  /** Replication offset: written by a master, received by a replica. */
  readonly offset: number;
  /** Replicas only. */
  readonly link: 'up' | 'down' | undefined;
  /** Replicas only: seconds since the last data from the master. */
  readonly silentSeconds: number | undefined;
}

export interface NodeReport {
  readonly node: ClusterNode;
  /** Undefined when the node did not report; `failure` has the reason. */
  readonly facts: NodeFacts | undefined;
  readonly failure: string | undefined;
  /** Bytes that a replica is behind its master; undefined when either did not report. */
  readonly lag: number | undefined;
  /** Number of other nodes without a link to this one. */
  readonly unlinked: number;
}

async function ask(cluster: Cluster, node: ClusterNode): Promise<NodeFacts | string> {
  try {
    const connection = await cluster.connection(node.id);
    const [text] = await connection.pipeline([['INFO']]);
    const info = parseInfo(asString(text));
    const number = (name: string): number => Number(info.get(name) ?? 0);
    const replica = info.get('role') === 'slave';
    return {
      version: info.get('valkey_version') ?? info.get('redis_version') ?? '?',
      server: info.has('valkey_version') ? 'valkey' : 'redis',
      uptimeSeconds: number('uptime_in_seconds'),
      memoryBytes: number('used_memory'),
      clients: number('connected_clients'),
      keys: await countKeys(cluster.link(node.id)),
      offset: number(replica ? 'slave_repl_offset' : 'master_repl_offset'),
      link: replica ? (info.get('master_link_status') === 'up' ? 'up' : 'down') : undefined,
      silentSeconds: replica ? number('master_last_io_seconds_ago') : undefined,
    };
  } catch (error) {
    return messageOf(error);
  }
}

/** By id: number of other nodes that list the node without a link. */
function unlinkedCounts(view: ClusterView): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id: reporter, lines } of view.nodes) {
    const unlinked = new Set(lines.filter(({ id, connected }) => !connected && id !== reporter).map(({ id }) => id));
    for (const id of unlinked) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** One report per loaded node, in node order. */
export async function reportNodes(cluster: Cluster): Promise<NodeReport[]> {
  const { view } = cluster;
  const answers = await mapBounded(view.nodes, 64, (node) => ask(cluster, node));
  const unlinked = unlinkedCounts(view);
  const facts = new Map(view.nodes.map((node, index) => [node.id, answers[index]]));
  return view.nodes.map((node) => {
    const answer = facts.get(node.id);
    const own = typeof answer === 'object' ? answer : undefined;
    const master = node.masterId === null ? undefined : facts.get(node.masterId);
    const lag = own !== undefined && typeof master === 'object' && node.role === 'replica' ? Math.max(0, master.offset - own.offset) : undefined;
    return { node, facts: own, failure: typeof answer === 'string' ? answer : undefined, lag, unlinked: unlinked.get(node.id) ?? 0 };
  });
}

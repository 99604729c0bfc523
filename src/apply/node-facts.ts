// What nodes tell about themselves beyond their place in the cluster: version, memory, keys, replication. All nodes at the
// same time; one that doesn't tell is a fact too.
import { asInteger, asString, parseInfo } from '../client/read-reply.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import type { Cluster } from './open-cluster.js';
import { mapBounded } from './parallel.js';

export interface NodeFacts {
  readonly version: string;
  /** 'valkey' where the server says so, else 'redis'. */
  readonly server: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly clients: number;
  readonly keys: number;
  /** Replication offset: written by a master, received by a replica. */
  readonly offset: number;
  /** Replicas only. */
  readonly link: 'up' | 'down' | undefined;
  /** Replicas only: seconds since the master was last heard. */
  readonly silentSeconds: number | undefined;
}

export interface NodeReport {
  readonly node: ClusterNode;
  /** Undefined when the node didn't tell; then `failure` says why. */
  readonly facts: NodeFacts | undefined;
  readonly failure: string | undefined;
  /** Bytes a replica is behind its master, as far as both told. */
  readonly lag: number | undefined;
  /** How many of the other nodes have no link to this one. */
  readonly unlinked: number;
}

async function ask(cluster: Cluster, node: ClusterNode): Promise<NodeFacts | string> {
  try {
    const connection = await cluster.connection(node.id);
    const [text, size] = await connection.pipeline([['INFO'], ['DBSIZE']]);
    const info = parseInfo(asString(text));
    const number = (name: string): number => Number(info.get(name) ?? 0);
    const replica = info.get('role') === 'slave';
    return {
      version: info.get('valkey_version') ?? info.get('redis_version') ?? '?',
      server: info.has('valkey_version') ? 'valkey' : 'redis',
      uptimeSeconds: number('uptime_in_seconds'),
      memoryBytes: number('used_memory'),
      clients: number('connected_clients'),
      keys: asInteger(size),
      offset: number(replica ? 'slave_repl_offset' : 'master_repl_offset'),
      link: replica ? (info.get('master_link_status') === 'up' ? 'up' : 'down') : undefined,
      silentSeconds: replica ? number('master_last_io_seconds_ago') : undefined,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function unlinked(view: ClusterView, id: string): number {
  return view.nodes.filter((other) => other.id !== id && other.lines.some((line) => line.id === id && !line.connected)).length;
}

/** One report a loaded node, in node order. */
export async function reportNodes(cluster: Cluster): Promise<NodeReport[]> {
  const { view } = cluster;
  const answers = await mapBounded(view.nodes, 64, (node) => ask(cluster, node));
  const facts = new Map(view.nodes.map((node, index) => [node.id, answers[index]]));
  return view.nodes.map((node) => {
    const answer = facts.get(node.id);
    const own = typeof answer === 'object' ? answer : undefined;
    const master = node.masterId === null ? undefined : facts.get(node.masterId);
    const lag = own !== undefined && typeof master === 'object' && node.role === 'replica' ? Math.max(0, master.offset - own.offset) : undefined;
    return { node, facts: own, failure: typeof answer === 'string' ? answer : undefined, lag, unlinked: unlinked(view, node.id) };
  });
}

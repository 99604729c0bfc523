// A loaded cluster: every node's view of itself and of the others. Immutable data with lookups. Not here: loading
// (apply/open-cluster.ts), judging (findings.ts).
import { TribError } from '../errors.js';
import type { NodeLine } from './nodes-text.js';
import { SlotSet } from './slot-set.js';
import { SLOT_COUNT } from './slots.js';

/** One loaded node. */
export interface ClusterNode {
  readonly id: string;
  /** Address for display: as typed for the entry node, else as announced. */
  readonly name: string;
  /** Where other nodes reach it (for MIGRATE, MEET); the typed address only when nothing else is known. */
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string | undefined;
  /** The host this process is connected to. */
  readonly connectHost: string;
  readonly connectPort: number;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  /**
   * Flags without `myself`: those of the node's own line and of the first other node that lists it (the entry node if it
   * does).
   */
  readonly flags: readonly string[];
  readonly configEpoch: number;
  readonly slots: SlotSet;
  readonly migrating: ReadonlyMap<number, string>;
  readonly importing: ReadonlyMap<number, string>;
  /** This node's own CLUSTER NODES. */
  readonly lines: readonly NodeLine[];
}

/** A node that a loaded node lists and that could not be loaded. */
export interface UnreachableNode {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  readonly flags: readonly string[];
  /** Slots that any loaded node lists as owned by it, without those that a loaded node claims for itself. */
  readonly slots: SlotSet;
  readonly reason: string;
  /** A server replied at its address with an error: what to do. */
  readonly refusal?: string;
  /** The node accepted the connection but did not reply in time, so its address is right. */
  readonly unresponsive?: boolean;
  /** Code of that error, such as LOADING or NOAUTH. The node is alive then, whatever flags other nodes list. */
  readonly replied?: string;
}

/** Several server processes that answer with one node id: all but one run with a copied nodes.conf. */
export interface SharedId {
  readonly id: string;
  /** `name`: the address at which it was asked; `keys`: of all its databases, undefined when it did not say. */
  readonly servers: readonly { readonly name: string; readonly role: 'master' | 'replica'; readonly keys: number | undefined }[];
}

/** Groups items by a key, in their order. */
export function grouped<T, K = string>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** IP addresses of host names, lower case, as resolved by this process. */
export type HostNames = ReadonlyMap<string, readonly string[]>;

const LOCALHOST = ['127.0.0.1', '::1'];

export class ClusterView {
  private readonly byId: ReadonlyMap<string, ClusterNode>;
  private readonly followers: ReadonlyMap<string, readonly ClusterNode[]>;
  /** Masters in node order. */
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];

  /**
   * `nodes`: entry node first, then in the order of its CLUSTER NODES (cli.md 2.1; many results depend on it), then those that
   * only others list.
   */
  constructor(
    readonly nodes: readonly ClusterNode[],
    readonly unreachable: readonly UnreachableNode[] = [],
    private readonly hosts: HostNames = new Map(),
    readonly sharedIds: readonly SharedId[] = [],
  ) {
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.masters = nodes.filter((node) => node.role === 'master');
    this.replicas = nodes.filter((node) => node.role === 'replica');
    this.followers = grouped(this.replicas, ({ masterId }) => masterId ?? '');
  }

  /** A copy of this view in which nodes are also found by these host names. */
  withHosts(hosts: HostNames): ClusterView {
    return new ClusterView(this.nodes, this.unreachable, hosts, this.sharedIds);
  }

  /** An address as typed, lower case, and with its host name resolved. */
  spellings(wanted: string): readonly string[] {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(wanted) ?? [];
    const resolved = this.hosts.get(host) ?? (host === 'localhost' ? LOCALHOST : []);
    return [wanted, ...resolved.map((ip) => `${ip}:${port}`)];
  }

  get entry(): ClusterNode {
    const [entry] = this.nodes;
    if (entry === undefined) throw new TribError('EMPTY_VIEW', 'The cluster view has no node');
    return entry;
  }

  /** By full id, any case. */
  node(id: string): ClusterNode | undefined {
    return this.byId.get(id) ?? this.byId.get(id.toLowerCase());
  }

  /**
   * Slots that a node itself has open: all of a master's; of a replica those that its loaded master does not have open in the
   * same way. Servers that replicate SETSLOT (Valkey 8 and later) show the master's on its replicas too.
   */
  openSlots(node: ClusterNode): Pick<ClusterNode, 'migrating' | 'importing'> {
    const master = node.role === 'replica' && node.masterId !== null ? this.node(node.masterId) : undefined;
    if (master === undefined) return node;
    const own = (state: 'migrating' | 'importing'): Map<number, string> => new Map([...node[state]].filter(([slot, peer]) => master[state].get(slot) !== peer));
    return { migrating: own('migrating'), importing: own('importing') };
  }

  /** Loaded replicas of a master, in node order. */
  replicasOf(masterId: string): ClusterNode[] {
    return [...(this.followers.get(masterId) ?? [])];
  }

  /** The first master, in node order, that claims the slot itself. */
  ownerOf(slot: number): ClusterNode | undefined {
    return this.masters.find((node) => node.slots.has(slot));
  }

  /** Owner of every slot: index = slot, undefined = none. */
  owners(): (ClusterNode | undefined)[] {
    const owners = new Array<ClusterNode | undefined>(SLOT_COUNT).fill(undefined);
    for (const master of this.masters) for (const slot of master.slots) owners[slot] ??= master;
    return owners;
  }

  /** Union of the slots that loaded nodes claim. */
  covered(): SlotSet {
    return this.nodes.reduce((all, node) => all.union(node.slots), new SlotSet());
  }

  /**
   * Finds one node by id, unique id prefix, or address (typed or announced). Throws TribError NO_SUCH_NODE, NODE_UNREACHABLE,
   * or AMBIGUOUS_NODE with the candidates (exit code 1, as the predecessors).
   */
  find(text: string): ClusterNode {
    const wanted = text.trim().toLowerCase();
    const spellings = this.spellings(wanted);
    const exact = this.nodes.filter((node) => node.id === wanted || hasAddress(node, spellings));
    const found = exact.length > 0 || wanted === '' ? exact : this.nodes.filter((node) => node.id.startsWith(wanted));
    const [first, ...more] = found;
    if (first !== undefined && more.length === 0) return first;
    if (first === undefined) {
      const away = this.absent(wanted);
      if (away !== undefined) throw new TribError('NODE_UNREACHABLE', `${away.name} (${away.id.slice(0, 12)}) is in the cluster, but cannot be reached: ${away.reason}`, { hint: away.refusal ?? 'start it again, or give another node' });
      throw new TribError('NO_SUCH_NODE', `No such node ${text}`, { hint: `nodes: ${this.nodes.map((node) => `${node.id.slice(0, 8)} ${node.name}`).join(', ')}` });
    }
    const names = found.map((node) => `${node.id.slice(0, 12)} (${node.name})`).join(', ');
    throw new TribError('AMBIGUOUS_NODE', `${text} matches several nodes: ${names}`, { hint: 'give more digits of the id, or the address' });
  }

  /** The only unreachable node with this id, id prefix, or address. */
  private absent(wanted: string): UnreachableNode | undefined {
    const spellings = this.spellings(wanted);
    const exact = this.unreachable.filter((node) => node.id === wanted || spellings.includes(node.name.toLowerCase()));
    const found = exact.length > 0 || wanted === '' ? exact : this.unreachable.filter((node) => node.id.startsWith(wanted));
    return found.length === 1 ? found[0] : undefined;
  }

  /** What to do when a replica was named where a master is needed. */
  private replicaAdvice(node: ClusterNode): string {
    const master = node.masterId === null ? undefined : this.node(node.masterId);
    const promote = `promote the replica: redis-trib failover ${node.name}`;
    return master === undefined ? `${node.name} is a replica. To use it as a master, ${promote}` : `${node.name} is a replica of ${master.name}. Give its master instead, or ${promote}`;
  }

  /**
   * As find, for a master; `errorText` is the predecessors' text for an unknown node and for a replica. Throws NOT_A_MASTER
   * too.
   */
  findMaster(text: string, errorText: string): ClusterNode {
    const hint = `masters: ${this.masters.map((one) => `${one.id.slice(0, 8)} ${one.name}`).join(', ')}`;
    let node: ClusterNode;
    try {
      node = this.find(text);
    } catch (error) {
      if (error instanceof TribError && error.code === 'NO_SUCH_NODE') throw new TribError('NO_SUCH_NODE', errorText, { hint });
      if (error instanceof TribError && error.code === 'NODE_UNREACHABLE') throw new TribError('NODE_UNREACHABLE', errorText, { hint: `${error.message}; ${hint}`, cause: error });
      throw error;
    }
    if (node.role !== 'master') throw new TribError('NOT_A_MASTER', errorText, { hint: `${this.replicaAdvice(node)}; ${hint}` });
    return node;
  }
}

/** Whether one of these addresses (lower case) is the displayed, announced or connected one of the node. */
export function hasAddress(node: ClusterNode, spellings: readonly string[]): boolean {
  return addressesOf(node).some((address) => spellings.includes(address));
}

function addressesOf(node: ClusterNode): string[] {
  const hosts = [node.host, node.connectHost, ...(node.hostname === undefined ? [] : [node.hostname])];
  const reached = [`${node.connectHost}:${node.connectPort}`, `[${node.connectHost}]:${node.connectPort}`];
  return [node.name, ...reached, ...hosts.flatMap((host) => [`${host}:${node.port}`, `[${host}]:${node.port}`])].map((text) => text.toLowerCase());
}

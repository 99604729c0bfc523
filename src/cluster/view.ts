// A cluster as loaded: every node's own account of itself and of the others, put side by side. Pure data with lookups;
// immutable once built. Not here: loading (apply/open-cluster.ts), judging (findings.ts).
import { TribError } from '../errors.js';
import type { NodeLine } from './nodes-text.js';
import { SlotSet } from './slot-set.js';
import { SLOT_COUNT } from './slots.js';

/** One loaded node. */
export interface ClusterNode {
  readonly id: string;
  /** Address to show: as typed for the entry node, else as announced. */
  readonly name: string;
  /** Where the other nodes reach it (for MIGRATE, MEET); never what the user typed unless nothing else is known. */
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string | undefined;
  /** Where we are connected. */
  readonly connectHost: string;
  readonly connectPort: number;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  /** Flags without `myself`, as the node itself and the entry node give them. */
  readonly flags: readonly string[];
  readonly configEpoch: number;
  readonly slots: SlotSet;
  readonly migrating: ReadonlyMap<number, string>;
  readonly importing: ReadonlyMap<number, string>;
  /** This node's own CLUSTER NODES. */
  readonly lines: readonly NodeLine[];
}

/** A node the entry node knows and we could not load. */
export interface UnreachableNode {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  readonly flags: readonly string[];
  /** Slots it owned as far as the entry node knows. */
  readonly slots: SlotSet;
  readonly reason: string;
  /** It was reached, but did not let us in: what to do about that. */
  readonly refusal?: string;
  /** It took the connection and answered nothing in time: no matter of addresses. */
  readonly mute?: boolean;
}

export class ClusterView {
  private readonly byId: ReadonlyMap<string, ClusterNode>;
  /** Masters in node order. */
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];

  /** `nodes`: entry node first, then in the order of its CLUSTER NODES (cli 2.1: many results depend on it). */
  constructor(
    readonly nodes: readonly ClusterNode[],
    readonly unreachable: readonly UnreachableNode[] = [],
  ) {
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.masters = nodes.filter((node) => node.role === 'master');
    this.replicas = nodes.filter((node) => node.role === 'replica');
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

  /** Loaded replicas of a master, in node order. */
  replicasOf(masterId: string): ClusterNode[] {
    return this.replicas.filter((node) => node.masterId === masterId);
  }

  /** The first master, in node order, whose own line claims the slot. */
  ownerOf(slot: number): ClusterNode | undefined {
    return this.masters.find((node) => node.slots.has(slot));
  }

  /** Owner of every slot: index = slot, undefined = nobody. */
  owners(): (ClusterNode | undefined)[] {
    const owners = new Array<ClusterNode | undefined>(SLOT_COUNT).fill(undefined);
    for (const master of this.masters) for (const slot of master.slots) owners[slot] ??= master;
    return owners;
  }

  /** Union of the slots that loaded nodes say they own. */
  covered(): SlotSet {
    return this.nodes.reduce((all, node) => all.union(node.slots), new SlotSet());
  }

  /** The highest config epoch any loaded node shows. */
  get highestEpoch(): number {
    return this.nodes.reduce((highest, node) => Math.max(highest, node.configEpoch), 0);
  }

  /**
   * Finds one node by id, unique id prefix, or address (typed or announced). Throws TribError NO_SUCH_NODE,
   * NODE_UNREACHABLE, or AMBIGUOUS_NODE naming the candidates (exit code 1, as the predecessors).
   */
  find(text: string): ClusterNode {
    const wanted = text.trim().toLowerCase();
    const exact = this.nodes.filter((node) => node.id === wanted || addressesOf(node).includes(wanted));
    const found = exact.length > 0 || wanted === '' ? exact : this.nodes.filter((node) => node.id.startsWith(wanted));
    const [first, ...more] = found;
    if (first !== undefined && more.length === 0) return first;
    if (first === undefined) {
      const away = this.absent(wanted);
      if (away !== undefined) throw new TribError('NODE_UNREACHABLE', `${away.name} (${away.id.slice(0, 12)}) is in the cluster, but cannot be reached: ${away.reason}`, { hint: away.refusal ?? 'bring it back, or name another node' });
      throw new TribError('NO_SUCH_NODE', `No such node ${text}`, { hint: `nodes: ${this.nodes.map((node) => `${node.id.slice(0, 8)} ${node.name}`).join(', ')}` });
    }
    const names = found.map((node) => `${node.id.slice(0, 12)} (${node.name})`).join(', ');
    throw new TribError('AMBIGUOUS_NODE', `${text} fits several nodes: ${names}`, { hint: 'write more digits of the id, or the address' });
  }

  /** The one node that could not be loaded and goes by this id, beginning of an id, or address. */
  private absent(wanted: string): UnreachableNode | undefined {
    const exact = this.unreachable.filter((node) => node.id === wanted || node.name.toLowerCase() === wanted);
    const found = exact.length > 0 || wanted === '' ? exact : this.unreachable.filter((node) => node.id.startsWith(wanted));
    return found.length === 1 ? found[0] : undefined;
  }

  /** As find, for a master; `complaint` is the predecessors' one sentence for a node that is unknown and for a replica. Throws NOT_A_MASTER too. */
  findMaster(text: string, complaint: string): ClusterNode {
    const hint = `masters: ${this.masters.map((one) => `${one.id.slice(0, 8)} ${one.name}`).join(', ')}`;
    let node: ClusterNode;
    try {
      node = this.find(text);
    } catch (error) {
      if (error instanceof TribError && error.code === 'NO_SUCH_NODE') throw new TribError('NO_SUCH_NODE', complaint, { hint });
      if (error instanceof TribError && error.code === 'NODE_UNREACHABLE') throw new TribError('NODE_UNREACHABLE', complaint, { hint: `${error.message}; ${hint}`, cause: error });
      throw error;
    }
    if (node.role !== 'master') throw new TribError('NOT_A_MASTER', complaint, { hint: `${node.name} is a replica; ${hint}` });
    return node;
  }
}

function addressesOf(node: ClusterNode): string[] {
  const hosts = [node.host, node.connectHost, ...(node.hostname === undefined ? [] : [node.hostname])];
  const reached = [`${node.connectHost}:${node.connectPort}`, `[${node.connectHost}]:${node.connectPort}`];
  return [node.name, ...reached, ...hosts.flatMap((host) => [`${host}:${node.port}`, `[${host}]:${node.port}`])].map((text) => text.toLowerCase());
}

// All nodes that any node of the cluster lists, also unreachable ones, and finding one of them by the user's text. Pure.
// ClusterView.find searches the loaded nodes only.
import { formatAddress } from '../cluster/address.js';
import { isBusy, reachAdvice } from '../cluster/connected-to.js';
import type { PartlyKnown } from '../cluster/findings.js';
import type { SlotSet } from '../cluster/slot-set.js';
import { hasAddress, type ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  readonly slots: SlotSet;
  /** Why it cannot be reached; undefined when it can. */
  readonly absence: string | undefined;
}

/** Loaded nodes, nodes that could not be loaded, and nodes that only other nodes than the entry node list (cli.md 5.6). */
export function membersOf(view: ClusterView): Member[] {
  const members = new Map<string, Member>();
  for (const { id, name, role, masterId, slots } of view.nodes) members.set(id, { id, name, role, masterId, slots, absence: undefined });
  for (const { id, name, role, masterId, slots, reason } of view.unreachable) members.set(id, { id, name, role, masterId, slots, absence: reason });
  for (const line of view.nodes.flatMap((node) => node.lines)) {
    if (members.has(line.id) || line.flags.includes('handshake')) continue;
    const { id, role, masterId, slots } = line;
    members.set(id, { id, name: formatAddress(line), role, masterId, slots, absence: 'only some nodes still list it' });
  }
  return [...members.values()];
}

/**
 * One member by id, unique prefix of an id, or address. Throws NO_SUCH_NODE (the text of redis-cli and redis-trib.rb) or
 * AMBIGUOUS_NODE with the candidates.
 */
export function findMember(view: ClusterView, text: string): Member {
  const wanted = text.trim().toLowerCase();
  const members = membersOf(view);
  const spellings = view.spellings(wanted);
  const loaded = view.nodes.find((node) => hasAddress(node, spellings));
  const exact = members.filter((member) => member.id === wanted || spellings.includes(member.name.toLowerCase()) || member.id === loaded?.id);
  const found = exact.length > 0 || wanted === '' ? exact : members.filter((member) => member.id.startsWith(wanted));
  const [first, ...more] = found;
  if (first !== undefined && more.length === 0) return first;
  const list = (some: readonly Member[]): string => some.map((member) => `${member.id.slice(0, 12)} ${member.name}`).join(', ');
  if (first === undefined) throw new TribError('NO_SUCH_NODE', `[ERR] No such node ID ${text}`, { hint: `nodes: ${list(members)}` });
  throw new TribError('AMBIGUOUS_NODE', `${text} matches several nodes: ${list(found)}`, { hint: 'give more digits of the id' });
}

/**
 * A member that loads its data or runs a script is alive, whatever flags other nodes list: it cannot report yet what it holds,
 * and would still list itself as a member. Throws NODE_ALIVE.
 */
export function requireNotBusy(view: ClusterView, { id }: Pick<Member, 'id'>): void {
  const away = view.unreachable.find((node) => node.id === id);
  if (away !== undefined && isBusy(away)) throw new TribError('NODE_ALIVE', `${away.name} is alive, but not ready: ${away.reason}`, { hint: reachAdvice(away) });
}

/** The two commands for a node that only some nodes know: meet it or forget it. */
export function meetOrForget(view: ClusterView, { node, unknownTo }: PartlyKnown): string {
  const [sender = view.entry] = unknownTo.flatMap(({ id }) => view.node(id) ?? []);
  const itself = view.node(node.id);
  // Two nodes that have both left the cluster must meet one of its masters, not each other.
  const met = view.masters.find((master) => master.slots.size > 0 && master.id !== sender.id && !sender.lines.some(({ id }) => id === master.id)) ?? itself;
  const bus = met === undefined || met.busPort === met.port + 10_000 ? '' : ` ${met.busPort}`;
  const meet = `redis-cli -h ${sender.connectHost} -p ${sender.connectPort} CLUSTER MEET ${met?.host ?? 'HOST'} ${met?.port ?? 'PORT'}${bus}`;
  const slots = (itself ?? view.unreachable.find(({ id }) => id === node.id))?.slots.size ?? 0;
  const forget = slots > 0 ? '' : `; if it does not: redis-trib forget ${view.entry.name} ${node.id}`;
  return `wait a minute if it was just added or removed; if it belongs to the cluster: ${meet}${forget}`;
}

/** Number of replicas of each master; counts rise as a planner attaches more. */
export class ReplicaCounts {
  private readonly counts: Map<string, number>;

  /** `without`: ids of replicas that are about to move and do not count. */
  constructor(view: ClusterView, candidates: readonly { readonly id: string }[], without: readonly string[] = []) {
    this.counts = new Map(candidates.map(({ id }) => [id, view.replicasOf(id).filter((node) => !without.includes(node.id)).length]));
  }

  /**
   * The candidate with the fewest replicas, the first among equals (cli.md 2.9); its count rises. Undefined without candidates.
   */
  take(): string | undefined {
    const [best] = [...this.counts].sort((a, b) => a[1] - b[1]);
    if (best === undefined) return undefined;
    this.add(best[0]);
    return best[0];
  }

  add(id: string): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }
}

/** Whether the node that was asked is in no cluster: it knows no other node and owns no slots. */
export function isOutsideClusters({ entry, nodes, unreachable }: ClusterView): boolean {
  return nodes.length === 1 && unreachable.length === 0 && entry.slots.size === 0;
}

/** What a node in no cluster is for. */
export function joinAdvice({ entry }: ClusterView): string {
  return `${entry.name} is in no cluster; to create one of empty nodes: redis-trib create ${entry.name} HOST:PORT…; to add it to a cluster: redis-trib add-node ${entry.name} HOST:PORT`;
}

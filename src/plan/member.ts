// Every node that anybody in the cluster knows, also those that are down or only rumoured, and finding one of them by what
// a person types. Pure. ClusterView.find looks among the loaded nodes only.
import { formatAddress } from '../cluster/address.js';
import type { SlotSet } from '../cluster/slot-set.js';
import type { ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  readonly slots: SlotSet;
  /** Why it cannot be talked to, undefined when it can. */
  readonly absence: string | undefined;
}

/** Loaded nodes, those that could not be loaded, and those that only other nodes than the entry still list (cli 5.6). */
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
 * One member by id, unique beginning of an id, or address. Throws NO_SUCH_NODE (the predecessors' words) or
 * AMBIGUOUS_NODE, naming the candidates.
 */
export function findMember(view: ClusterView, text: string): Member {
  const wanted = text.trim().toLowerCase();
  const members = membersOf(view);
  const loaded = view.nodes.find((node) => sameAddress(node, wanted));
  const exact = members.filter((member) => member.id === wanted || member.name.toLowerCase() === wanted || member.id === loaded?.id);
  const found = exact.length > 0 || wanted === '' ? exact : members.filter((member) => member.id.startsWith(wanted));
  const [first, ...more] = found;
  if (first !== undefined && more.length === 0) return first;
  const list = (some: readonly Member[]): string => some.map((member) => `${member.id.slice(0, 12)} ${member.name}`).join(', ');
  if (first === undefined) throw new TribError('NO_SUCH_NODE', `[ERR] No such node ID ${text}`, { hint: `nodes: ${list(members)}` });
  throw new TribError('AMBIGUOUS_NODE', `${text} fits several nodes: ${list(found)}`, { hint: 'write more digits of the id' });
}

function sameAddress(node: ClusterView['entry'], wanted: string): boolean {
  const hosts = [node.host, node.connectHost, node.hostname];
  return hosts.some((host) => host !== undefined && formatAddress({ host, port: node.port }).toLowerCase() === wanted);
}

/** Replicas of each master so far; counts go up as a planner attaches more. */
export class ReplicaCounts {
  private readonly counts: Map<string, number>;

  /** `without`: ids of replicas that don't count, as they are about to move. */
  constructor(view: ClusterView, candidates: readonly { readonly id: string }[], without: readonly string[] = []) {
    this.counts = new Map(candidates.map(({ id }) => [id, view.replicasOf(id).filter((node) => !without.includes(node.id)).length]));
  }

  /** The candidate with the fewest replicas, the first of equals (cli 2.9); its count goes up. Undefined without candidates. */
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

// Plans how nodes that hold data are emptied for a new cluster (cli.md 5.6): what each loses, in which order, and which must
// not be taken out of their cluster. Pure. Not here: inspecting (apply/steps/create.ts), carrying it out
// (apply/steps/empty-nodes.ts).
import { formatAddress } from '../cluster/address.js';
import type { NodeLine } from '../cluster/nodes-text.js';
import { SlotSet } from '../cluster/slot-set.js';
import { TribError } from '../errors.js';
import { heldSlots } from './standing.js';
import type { PlanBase, Step } from './step.js';

/** What a node holds. */
export interface NodeContents {
  readonly id: string;
  /** Address for display. */
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly masterId: string | null;
  readonly slots: number;
  /** Databases with keys. */
  readonly keys: readonly { readonly database: number; readonly keys: number }[];
  /** Number of function libraries. */
  readonly functions: number;
  /** Lines of the node's CLUSTER NODES, its own included. */
  readonly lines: readonly NodeLine[];
  /** Ids of nodes it knows that are not among the inspected ones and reply, also when it flags them as failed. */
  readonly alive?: ReadonlySet<string>;
}

/** A node that will be emptied, with what it loses. */
export interface EmptiedNode extends Omit<NodeContents, 'lines' | 'alive'> {
  /** Other nodes it knows: those of the new cluster, and all others. */
  readonly knows: { readonly named: number; readonly unlisted: number };
}

export interface EmptyingPlan extends PlanBase {
  readonly kind: 'emptying';
  /** In the order given, without empty nodes. */
  readonly nodes: readonly EmptiedNode[];
  /** Number of keys deleted. Copies on a replica whose master is among the nodes are not counted twice. */
  readonly keys: number;
  /** Number of function libraries deleted. Copies on a replica whose master is among the nodes are not counted twice. */
  readonly functions: number;
}

function holdsSomething({ role, slots, keys, functions, lines }: NodeContents): boolean {
  return role === 'replica' || slots > 0 || keys.length > 0 || functions > 0 || lines.length > 1;
}

function keysOf({ keys }: Pick<NodeContents, 'keys'>): number {
  return keys.reduce((sum, { keys: count }) => sum + count, 0);
}

const GONE = ['fail', 'noaddr', 'handshake'];

/**
 * Other nodes that one of the named nodes has a link to, or that reply. A line with the address of a named node but another id
 * is that node's id from before its reset; after an interrupted run some nodes still list it.
 */
function reachableOutsiders(all: readonly NodeContents[], named: ReadonlySet<string>): ReadonlySet<string> {
  const lines = all.flatMap((contents) => contents.lines);
  const places = new Set([...all.map(({ name }) => name), ...lines.filter(({ myself }) => myself).map(formatAddress)]);
  const lives = (line: NodeLine): boolean => line.connected && !line.flags.some((flag) => GONE.includes(flag)) && !places.has(formatAddress(line));
  const linked = lines.filter((line) => !named.has(line.id) && lives(line)).map(({ id }) => id);
  return new Set([...linked, ...all.flatMap(({ alive = [] }) => [...alive])]);
}

/** Refuses a member of a cluster that serves slots and would continue without it. */
function refuseLivingCluster(contents: NodeContents, named: ReadonlySet<string>, living: ReadonlySet<string>): void {
  const unlisted = contents.lines.filter(({ id }) => living.has(id));
  const [first] = unlisted;
  const serves = contents.lines.some((line) => line.slots.size > 0 && (named.has(line.id) || living.has(line.id)));
  if (first === undefined || !serves) return;
  const names = unlisted.slice(0, 3).map(({ host, port }) => `${host}:${port}`);
  const those = `${names.join(', ')}${unlisted.length > names.length ? ' …' : ''}`;
  throw new TribError('LIVING_CLUSTER', `${contents.name} belongs to a running cluster: ${unlisted.length} of its nodes ${unlisted.length === 1 ? 'is' : 'are'} not in the list (${those}). A reset would break that cluster`, {
    hint: `remove it from there first: redis-trib del-node ${names[0] ?? ''} ${contents.id} --drain; or, to give up that cluster, list all its nodes`,
  });
}

function stepsOf({ id, role, keys, functions }: NodeContents): Step[] {
  const reset: Step = { kind: 'reset', node: id, mode: 'hard' };
  const functionsGone: Step[] = functions > 0 ? [{ kind: 'flush-functions', node: id }] : [];
  // A replica cannot delete keys itself; its reset deletes them. A master with keys refuses a reset.
  if (role === 'replica') return [reset, ...functionsGone];
  return [...(keys.length > 0 ? [{ kind: 'flush', node: id } as const] : []), ...functionsGone, reset];
}

/**
 * Plans the emptying of the nodes that hold something. Replicas are reset first, so that the FLUSHALL of their masters is not
 * replicated to them. `all`: the contents of all nodes of the new cluster. Throws TribError LIVING_CLUSTER for a member of a
 * cluster that serves slots and has other reachable nodes outside the list.
 */
export function planEmptying(all: readonly NodeContents[]): EmptyingPlan {
  const named = new Set(all.map(({ id }) => id));
  const occupied = all.filter(holdsSomething);
  const living = reachableOutsiders(all, named);
  for (const contents of occupied) refuseLivingCluster(contents, named, living);
  const nodes = occupied.map(({ lines, alive: _alive, ...rest }): EmptiedNode => {
    const others = lines.filter((line) => !line.myself);
    const among = others.filter(({ id }) => named.has(id)).length;
    return { ...rest, knows: { named: among, unlisted: others.length - among } };
  });
  const originals = nodes.filter(({ masterId }) => masterId === null || !named.has(masterId));
  const inOrder = [...occupied.filter(({ role }) => role === 'replica'), ...occupied.filter(({ role }) => role === 'master')];
  return {
    schema: 1,
    kind: 'emptying',
    nodes,
    keys: originals.reduce((sum, node) => sum + keysOf(node), 0),
    functions: originals.reduce((sum, node) => sum + node.functions, 0),
    steps: inOrder.flatMap(stepsOf),
  };
}

/** The slots that each node holds, by id. */
export function heldByNode(all: readonly NodeContents[]): ReadonlyMap<string, SlotSet> {
  return new Map(all.map(({ id, lines }) => [id, lines.filter(({ myself }) => myself).reduce((held, line) => held.union(heldSlots(line)), new SlotSet())]));
}

/** Whether a later inspection found something to delete or reset that this plan does not include. */
export function exceeds(later: EmptyingPlan, shown: EmptyingPlan): boolean {
  const before = new Map(shown.nodes.map((node) => [node.id, node]));
  return later.nodes.some((node) => {
    const known = before.get(node.id);
    return known === undefined || node.slots > known.slots || (node.knows.unlisted > 0 && known.knows.unlisted === 0) || (keysOf(known) === 0 && keysOf(node) > 0) || known.functions < node.functions;
  });
}

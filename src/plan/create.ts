// Plans a new cluster: which nodes become masters, their slots, their replicas (cli 2.2), as redis-cli would, except that
// the anti-affinity search is deterministic. Pure. Not here: looking at the nodes and applying (apply/create.ts).
import { ExitCode, TribError } from '../errors.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { SlotRange } from '../cluster/slot-set.js';
import { antiAffinityScore, optimiseAntiAffinity } from './anti-affinity.js';
import type { PlanBase, Step } from './step.js';

/** An empty node that may join the new cluster. */
export interface CandidateNode {
  readonly id: string;
  /** Address to show, as typed. */
  readonly name: string;
  /** Host as typed: nodes with the same text count as one machine. */
  readonly host: string;
  readonly port: number;
  readonly flags?: readonly string[];
  /** What fails together with others: a rack, an availability zone. Without it the host. */
  readonly zone?: string;
}

function placeOf({ zone, host }: CandidateNode): string {
  return zone ?? host;
}

export interface CreateOptions {
  /** Replicas wanted for each master; default 0. */
  readonly replicas?: number;
  /** Allow one or two masters (no automatic failover possible). Default false. */
  readonly allowFewMasters?: boolean;
}

export interface PlannedNode extends CandidateNode {
  readonly role: 'master' | 'replica';
  /** null for a master, and for a left-over master without slots too. */
  readonly masterId: string | null;
  readonly slots: SlotRange | null;
}

/** How well replicas are spread: 'same-host-as-master' is worse than 'siblings-share-host'. */
export type AntiAffinity = 'perfect' | 'siblings-share-host' | 'same-host-as-master';

export interface CreatePlan extends PlanBase {
  readonly kind: 'create';
  /** All nodes, in the order given. */
  readonly nodes: readonly PlannedNode[];
  /** Masters in slot order. */
  readonly masters: readonly PlannedNode[];
  /** First choice of replicas, before the optimiser, in the order made; `extra` = beyond what was asked for. */
  readonly firstChoice: readonly { readonly replica: string; readonly master: string; readonly extra: boolean }[];
  /** True when the first choice was not perfect and the optimiser ran. */
  readonly optimised: boolean;
  readonly antiAffinity: AntiAffinity;
}

/** Even shares, computed in 32-bit floats as redis-cli does, so that the same nodes get the same slots (cli 2.2 step 5). */
export function slotShares(masters: number): SlotRange[] {
  const perNode = Math.fround(SLOT_COUNT / masters);
  const shares: SlotRange[] = [];
  let cursor = 0;
  let first = 0;
  for (let index = 0; index < masters; index++) {
    let last = Math.round(Math.fround(Math.fround(cursor + perNode) - 1));
    if (last > SLOT_COUNT || index === masters - 1) last = SLOT_COUNT - 1;
    if (last < first) last = first;
    shares.push([first, last]);
    first = last + 1;
    cursor = Math.fround(cursor + perNode);
  }
  return shares;
}

/** One node of each host in turn, hosts in first-seen order (cli 2.2 step 4). */
function interleave(nodes: readonly CandidateNode[]): CandidateNode[] {
  const byHost = new Map<string, CandidateNode[]>();
  for (const node of nodes) byHost.set(placeOf(node), [...(byHost.get(placeOf(node)) ?? []), node]);
  const result: CandidateNode[] = [];
  for (let round = 0; result.length < nodes.length; round++) {
    for (const group of byHost.values()) {
      const node = group[round];
      if (node !== undefined) result.push(node);
    }
  }
  return result;
}

type Choice = CreatePlan['firstChoice'][number];

/** Takes the first free node of another host, else the first free node (cli 2.2 step 7). */
function chooseReplicas(masters: readonly CandidateNode[], rest: readonly CandidateNode[], perMaster: number): Choice[] {
  const [first, ...others] = rest;
  const free = first === undefined ? [] : [...others, first]; // step 6: rotated left by one
  const choices: Choice[] = [];
  const give = (master: CandidateNode, extra: boolean): void => {
    const other = free.findIndex((node) => placeOf(node) !== placeOf(master));
    const [taken] = free.splice(Math.max(other, 0), 1);
    if (taken !== undefined) choices.push({ replica: taken.id, master: master.id, extra });
  };
  for (const master of masters) for (let n = 0; n < perMaster; n++) give(master, false);
  for (const master of masters) give(master, true);
  return choices;
}

function refuseFew(nodes: number, masters: number, options: CreateOptions): void {
  if (masters >= 3 || (options.allowFewMasters === true && masters >= 1)) return;
  const replicas = options.replicas ?? 0;
  const lines = [
    '*** ERROR: Invalid configuration for cluster creation.',
    '*** Redis Cluster requires at least 3 master nodes.',
    `*** This is not possible with ${nodes} nodes and ${replicas} replicas per node.`,
    `*** At least ${3 * (replicas + 1)} nodes are required.`,
  ];
  throw new TribError('TOO_FEW_MASTERS', lines.join('\n'), { exitCode: ExitCode.failed, hint: 'give more nodes, or fewer replicas' });
}

/** Up to this many nodes everybody is introduced to everybody. */
const FULL_MESH = 32;

/**
 * Who meets whom. One node met by all is enough for gossip in the end, but that takes seconds (2–7 measured with six
 * nodes, as only a few nodes a second are talked about); introductions to several nodes take some 0.2 s. Larger
 * clusters get introductions at distances 1, 2, 4, … along the list.
 */
function meetings(nodes: readonly PlannedNode[]): Step[] {
  const steps: Step[] = [];
  nodes.forEach((node, index) => {
    for (let distance = 1; distance <= index; distance = nodes.length <= FULL_MESH ? distance + 1 : distance * 2) {
      const peer = nodes[index - distance];
      if (peer !== undefined) steps.push({ kind: 'meet', node: node.id, peer: peer.id });
    }
  });
  return steps;
}

function createSteps(nodes: readonly PlannedNode[], masters: readonly PlannedNode[]): Step[] {
  const replicas = nodes.filter((node) => node.masterId !== null);
  return [
    ...masters.flatMap((node): Step[] => (node.slots === null ? [] : [{ kind: 'add-slots', node: node.id, slots: [node.slots] }])),
    ...nodes.map((node, index): Step => ({ kind: 'set-config-epoch', node: node.id, epoch: index + 1 })),
    ...meetings(nodes),
    { kind: 'await-agreement' },
    ...replicas.map((node): Step => ({ kind: 'replicate', node: node.id, master: node.masterId ?? '' })),
  ];
}

/**
 * Plans the cluster of `nodes` (in command-line order). Throws TribError TOO_FEW_MASTERS (the predecessors' four lines)
 * or DUPLICATE_NODE when two addresses reach the same node.
 */
export function planCreate(nodes: readonly CandidateNode[], options: CreateOptions = {}): CreatePlan {
  const perMaster = options.replicas ?? 0;
  const count = Math.floor(nodes.length / (perMaster + 1));
  refuseDuplicates(nodes);
  refuseFew(nodes.length, count, options);
  const order = interleave(nodes);
  const masters = order.slice(0, count);
  const firstChoice = chooseReplicas(masters, order.slice(count), perMaster);
  const hostOf = new Map(nodes.map((node) => [node.id, placeOf(node)]));
  const layout = { hostOf, masterOf: new Map(firstChoice.map((choice) => [choice.replica, choice.master])), masters: masters.map((node) => node.id) };
  const optimised = antiAffinityScore(layout) > 0;
  const masterOf = optimised ? optimiseAntiAffinity(layout, nodes.map((node) => node.id)) : layout.masterOf;
  const score = antiAffinityScore({ ...layout, masterOf });
  const shares = slotShares(count);
  const slotsOf = new Map(masters.map((node, index) => [node.id, shares[index] ?? null]));
  const planned = nodes.map((node): PlannedNode => {
    const masterId = masterOf.get(node.id) ?? null;
    return { ...node, role: masterId === null ? 'master' : 'replica', masterId, slots: slotsOf.get(node.id) ?? null };
  });
  const plannedMasters = masters.flatMap((node) => planned.filter((one) => one.id === node.id));
  return {
    schema: 1,
    kind: 'create',
    nodes: planned,
    masters: plannedMasters,
    firstChoice,
    optimised,
    antiAffinity: score === 0 ? 'perfect' : score >= 10_000 ? 'same-host-as-master' : 'siblings-share-host',
    steps: createSteps(planned, plannedMasters),
  };
}

function refuseDuplicates(nodes: readonly CandidateNode[]): void {
  const seen = new Map<string, string>();
  for (const node of nodes) {
    const before = seen.get(node.id);
    if (before !== undefined) {
      throw new TribError('DUPLICATE_NODE', `${before} and ${node.name} are the same node`, { exitCode: ExitCode.usage, hint: 'give every node once' });
    }
    seen.set(node.id, node.name);
  }
}

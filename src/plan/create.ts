// Plans a new cluster: roles (create-roles.ts), the masters' slots, the steps (cli.md 2.2). Pure. Not here: inspecting the
// nodes and applying (apply/steps/create.ts).
import { ExitCode, TribError } from '../errors.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { SlotRange } from '../cluster/slot-set.js';
import type { CandidateNode, ReplicaAssignment, CreateOptions } from './create-roles.js';
import { chosenRoles, requestedRoles } from './create-roles.js';
import type { PlanBase, Step } from './step.js';

export type { CandidateNode, CreateOptions };

export interface PlannedNode extends CandidateNode {
  readonly role: 'master' | 'replica';
  /** null for a master, and for a left-over master without slots. */
  readonly masterId: string | null;
  readonly slots: SlotRange | null;
}

/** How well replicas are spread; 'same-host-as-master' is worse than 'siblings-share-host'. */
export type AntiAffinity = 'perfect' | 'siblings-share-host' | 'same-host-as-master';

export interface CreatePlan extends PlanBase {
  readonly kind: 'create';
  /** All nodes, in the order given. */
  readonly nodes: readonly PlannedNode[];
  /** Masters in slot order. */
  readonly masters: readonly PlannedNode[];
  /** The first choice of replicas, before the optimiser, in the order made. */
  readonly firstChoice: readonly ReplicaAssignment[];
  /** True when the first choice was not perfect and the optimiser ran. */
  readonly optimised: boolean;
  readonly antiAffinity: AntiAffinity;
}

/** Even shares, computed in 32-bit floats as in redis-cli, so that the same nodes get the same slots (cli.md 2.2 step 5). */
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

/** Up to this many nodes, every node meets every other. */
const FULL_MESH = 32;

/**
 * Which nodes meet which. If every node met only one common node, gossip would introduce the rest, but only after 2 to 7
 * seconds (measured with six nodes), because each ping carries only a few nodes. With several MEETs per node all know each other
 * after about 0.2 s. In larger clusters each node meets those at distances 1, 2, 4, … before it in the list.
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
 * Plans the cluster of `nodes` (in command-line order). Throws TribError TOO_FEW_MASTERS (redis-cli's four lines), BAD_ROLES
 * for an impossible request, or DUPLICATE_NODE when two addresses lead to the same node.
 */
export function planCreate(nodes: readonly CandidateNode[], options: CreateOptions = {}): CreatePlan {
  refuseDuplicates(nodes);
  const roles = options.masterOf === undefined ? chosenRoles(nodes, options) : requestedRoles(nodes, options.masterOf, options);
  const { masters, firstChoice, masterOf, optimised, score } = roles;
  const shares = slotShares(masters.length);
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
      throw new TribError('DUPLICATE_NODE', `${before} and ${node.name} are the same node`, { exitCode: ExitCode.usage, hint: 'give each node once' });
    }
    seen.set(node.id, node.name);
  }
}

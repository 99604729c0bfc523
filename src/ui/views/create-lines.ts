// The predecessors' lines of create, up to the prompt (cli.md 4.6, 8.1); the same as a table for a person.
import type { AntiAffinity, CreatePlan, PlannedNode } from '../../plan/create.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';

const VERDICT: Readonly<Record<AntiAffinity, string>> = {
  perfect: '[OK] Perfect anti-affinity obtained!',
  'same-host-as-master': '[WARNING] Some slaves are in the same host as their master',
  'siblings-share-host': '[WARNING] Some slaves of the same master are in the same host',
};

/** The predecessors' words; of zones where zones are known. */
function verdictOf({ antiAffinity, nodes }: CreatePlan): string {
  return nodes.some(({ zone }) => zone !== undefined) ? VERDICT[antiAffinity].replace('host', 'zone') : VERDICT[antiAffinity];
}

function plannedLines(node: PlannedNode): string[] {
  if (node.masterId !== null) return [`S: ${node.id} ${node.name}`, `   replicates ${node.masterId}`];
  const count = node.slots === null ? 0 : node.slots[1] - node.slots[0] + 1;
  const range = node.slots === null ? '' : count === 1 ? `[${node.slots[0]}]` : `[${node.slots[0]}-${node.slots[1]}]`;
  return [`M: ${node.id} ${node.name}`, `   slots:${range} (${count} slots) ${(node.flags ?? ['master']).filter((flag) => flag !== 'myself').join(',')}`];
}

/** Allocation, replica placement, node list: everything before `Can I set the above configuration?`. */
export function createPlanLines(plan: CreatePlan): string[] {
  const nameOf = new Map(plan.nodes.map((node) => [node.id, node.name]));
  const choices = plan.firstChoice.flatMap((choice, index) => [
    ...(choice.extra && plan.firstChoice[index - 1]?.extra !== true ? ['Adding extra replicas...'] : []),
    `Adding replica ${nameOf.get(choice.replica) ?? choice.replica} to ${nameOf.get(choice.master) ?? choice.master}`,
  ]);
  return [
    `>>> Performing hash slots allocation on ${plan.nodes.length} nodes...`,
    ...plan.masters.map((node, index) => `Master[${index}] -> Slots ${node.slots?.[0] ?? 0} - ${node.slots?.[1] ?? 0}`),
    ...choices,
    ...(plan.optimised ? ['>>> Trying to optimize slaves allocation for anti-affinity', verdictOf(plan)] : []),
    ...plan.nodes.flatMap(plannedLines),
  ];
}

export const CREATE_QUESTION = "Can I set the above configuration? (type 'yes' to accept):";

/** The planned cluster for a person: masters with their slots, replicas under them, and what is wrong with the placement. */
export async function createPlanTable(io: Io, plan: CreatePlan): Promise<string> {
  const { style } = io;
  const zones = plan.nodes.some(({ zone }) => zone !== undefined);
  const row = (node: PlannedNode): string[] => [
    (node.masterId === null ? '' : '  ') + node.name,
    node.masterId === null ? style.strong('master') : 'replica',
    style.faint(node.id.slice(0, 8)),
    node.slots === null ? '' : `${node.slots[0]}-${node.slots[1]}`,
    ...(zones ? [node.zone ?? ''] : []),
  ];
  const roots = plan.nodes.filter((node) => node.masterId === null);
  const rows = roots.flatMap((master) => [row(master), ...plan.nodes.filter((node) => node.masterId === master.id).map(row)]);
  const table = await drawTable(style, [{ title: 'node' }, { title: 'role' }, { title: 'id' }, { title: 'slots' }, ...(zones ? [{ title: 'zone' }] : [])], rows);
  const verdict = plan.antiAffinity === 'perfect' ? [] : [style.warn(verdictOf(plan))];
  return [style.strong(`A cluster of ${plan.nodes.length} nodes, ${plan.masters.length} masters`), table, ...verdict].join('\n');
}

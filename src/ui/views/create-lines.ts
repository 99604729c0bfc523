// The predecessors' lines of create up to the prompt (cli.md 4.6, 8.1), and the same as a table.
import { compareNames } from '../../cluster/address.js';
import type { AntiAffinity, CreatePlan, PlannedNode } from '../../plan/create.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import type { LineDialect } from '../terminal.js';
import { counted } from './count.js';
import { wordingOf } from './dialect.js';

const VERDICT: Readonly<Record<AntiAffinity, string>> = {
  perfect: '[OK] Perfect anti-affinity obtained!',
  'same-host-as-master': '[WARNING] Some slaves are in the same host as their master',
  'siblings-share-host': '[WARNING] Some slaves of the same master are in the same host',
};

/** The predecessors' words; about zones when zones are known. */
function verdictOf({ antiAffinity, nodes }: CreatePlan): string {
  return nodes.some(({ zone }) => zone !== undefined) ? VERDICT[antiAffinity].replace('host', 'zone') : VERDICT[antiAffinity];
}

function plannedLines(node: PlannedNode, dialect: LineDialect): string[] {
  if (node.masterId !== null) return [`S: ${node.id} ${node.name}`, `   replicates ${node.masterId}`];
  const slots = SlotSet.fromRanges(node.slots === null ? [] : [node.slots]);
  const flags = (node.flags ?? ['master']).filter((flag) => flag !== 'myself').join(',');
  return [`M: ${node.id} ${node.name}`, `   slots:${wordingOf(dialect).ranges(slots)} (${slots.size} slots) ${flags}`];
}

/** The masters: with slots in redis-cli's lines, only addresses in redis-trib.rb's. */
function masterLines({ nodes, masters }: CreatePlan, dialect: LineDialect): string[] {
  const allocation = `>>> Performing hash slots allocation on ${nodes.length} nodes...`;
  if (dialect === 'redis-trib.rb') return ['>>> Creating cluster', allocation, `Using ${masters.length} masters:`, ...masters.map(({ name }) => name)];
  return [allocation, ...masters.map((node, index) => `Master[${index}] -> Slots ${node.slots?.[0] ?? 0} - ${node.slots?.[1] ?? 0}`)];
}

/** The replicas and their masters; redis-cli has a heading above the replicas beyond the requested number. */
function replicaLines({ nodes, firstChoice }: CreatePlan, dialect: LineDialect): string[] {
  const nameOf = new Map(nodes.map((node) => [node.id, node.name]));
  return firstChoice.flatMap((choice, index) => [
    ...(dialect === 'redis-cli' && choice.extra && firstChoice[index - 1]?.extra !== true ? ['Adding extra replicas...'] : []),
    `Adding replica ${nameOf.get(choice.replica) ?? choice.replica} to ${nameOf.get(choice.master) ?? choice.master}`,
  ]);
}

/** Allocation, replica placement, node list: everything before `Can I set the above configuration?`. */
export function createPlanLines(plan: CreatePlan, dialect: LineDialect = 'redis-cli'): string[] {
  return [
    ...masterLines(plan, dialect),
    ...replicaLines(plan, dialect),
    ...(plan.optimised ? ['>>> Trying to optimize slaves allocation for anti-affinity', verdictOf(plan)] : []),
    ...plan.nodes.flatMap((node) => plannedLines(node, dialect)),
  ];
}

export const CREATE_QUESTION = "Can I set the above configuration? (type 'yes' to accept):";

/** The planned cluster as a table: masters with their slots, their replicas, and problems of the placement. */
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
  const byName = (nodes: readonly PlannedNode[]): PlannedNode[] => nodes.toSorted(compareNames);
  const rows = byName(roots).flatMap((master) => [row(master), ...byName(plan.nodes.filter((node) => node.masterId === master.id)).map(row)]);
  const table = await drawTable(io, [{ title: 'node' }, { title: 'role', dispensable: 2 }, { title: 'id', dispensable: 1 }, { title: 'slots' }, ...(zones ? [{ title: 'zone' }] : [])], rows);
  const verdict = plan.antiAffinity === 'perfect' ? [] : [style.warn(verdictOf(plan))];
  return [style.strong(`A cluster of ${counted(plan.nodes.length, 'node')}, ${counted(plan.masters.length, 'master')}`), table, ...verdict].join('\n');
}

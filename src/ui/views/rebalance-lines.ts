// A rebalance for display: the predecessors' lines (cli.md 4.8, 8.4), and the plan as a table.
import { counted } from './count.js';
import { compareNames } from '../../cluster/address.js';
import type { ClusterView } from '../../cluster/view.js';
import { countSlots, type MoveStep } from '../../plan/step.js';
import type { BalanceBy, RebalancePlan } from '../../plan/rebalance.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import type { LineDialect } from '../terminal.js';
import { formatBytes } from '../bytes.js';
import { formatCount } from './check-table.js';
import { wordingOf } from './dialect.js';
import { MANY_RANGES } from './slot-ranges.js';

const UNIT: Readonly<Record<BalanceBy, string>> = { slots: 'slots', keys: 'keys', memory: 'bytes', ops: 'µs of CPU' };

export const REBALANCE_QUESTION = 'Do you want to proceed with the proposed rebalance plan (yes/no)?';

export function notNeededLine({ threshold, by, balances }: RebalancePlan, dialect: LineDialect = 'redis-cli'): string {
  if (by === 'ops' && balances.every(({ slots }) => slots === 0)) return '*** No rebalancing needed! No slot used CPU time during the measurement.';
  return `*** No rebalancing needed! All nodes are within the ${wordingOf(dialect).percent(threshold)}% threshold.`;
}

/** The note about the number of ranges in the slot map; undefined when there are few. `seed`: for the suggested command. */
export function rangesNote({ ranges: { before, after }, balances }: RebalancePlan, seed: string): string | undefined {
  if (after <= Math.max(balances.length * MANY_RANGES, before)) {
    return before > balances.length * MANY_RANGES && after >= before ? `the slot map has ${before} ranges, which every client loads; to reduce them: redis-trib rebalance ${seed} --defragment` : undefined;
  }
  return `the slot map grows from ${before} to ${after} ranges, which every client loads; --choose run avoids that`;
}

/** The head of the plan; `verbose` adds a line per master. */
export function rebalanceHeadLines(plan: RebalancePlan, verbose: boolean, dialect: LineDialect = 'redis-cli'): string[] {
  const head = `>>> Rebalancing across ${plan.balances.length} nodes. Total weight = ${wordingOf(dialect).weight(plan.totalWeight)}`;
  return [head, ...(verbose ? plan.balances.map(({ name, balance }) => `${name} balance is ${balance} ${UNIT[plan.by]}`) : [])];
}

/** The two lines of one pair: what moves, and a `#` for each moved slot. */
export function pairLines(view: ClusterView, step: MoveStep): string[] {
  const name = (id: string): string => view.node(id)?.name ?? id;
  const count = countSlots(step.slots);
  return [`Moving ${count} slots from ${name(step.source)} to ${name(step.target)}`, '#'.repeat(count)];
}

const amount = (by: BalanceBy, value: number): string => (by === 'memory' ? formatBytes(value) : formatCount(value));

function difference(by: BalanceBy, balance: number): string {
  if (balance === 0) return '';
  return balance > 0 ? `gives ${amount(by, balance)}` : `takes ${amount(by, -balance)}`;
}

/** The plan as a table: present and expected share of each master, then a row per pair. */
export async function rebalanceTable(io: Io, view: ClusterView, plan: RebalancePlan): Promise<string> {
  const { by } = plan;
  const shares = plan.balances.toSorted(compareNames).map((one) => [one.name, String(one.weight), amount(by, one.slots), amount(by, one.expected), difference(by, one.balance)]);
  const columns = [{ title: 'master' }, { title: 'weight', align: 'right' as const, dispensable: 1 }, { title: UNIT[by], align: 'right' as const }, { title: 'share', align: 'right' as const }, { title: '' }];
  const name = (id: string): string => view.node(id)?.name ?? id;
  const moves = plan.steps.map((step) => [name(step.source), '→', name(step.target), formatCount(countSlots(step.slots))]);
  const total = plan.steps.reduce((sum, step) => sum + countSlots(step.slots), 0);
  return [
    await drawTable(io, columns, shares),
    '',
    io.style.strong(`Ready to move ${counted(total, 'slot')} (slot map: ${plan.ranges.before} → ${plan.ranges.after} ranges)`),
    await drawTable(io, [{ title: 'from' }, { title: '' }, { title: 'to' }, { title: 'slots', align: 'right' }], moves),
  ].join('\n');
}

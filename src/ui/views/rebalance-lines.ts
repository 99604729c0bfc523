// A rebalance for people: the predecessors' lines (cli.md 4.8, 8.4), and the plan as a table.
import type { ClusterView } from '../../cluster/view.js';
import { countSlots, type MoveStep } from '../../plan/step.js';
import type { BalanceBy, RebalancePlan } from '../../plan/rebalance.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import type { LineDialect } from '../terminal.js';
import { formatBytes } from '../moving.js';
import { formatCount } from './check-table.js';
import { wordingOf } from './dialect.js';

const UNIT: Readonly<Record<BalanceBy, string>> = { slots: 'slots', keys: 'keys', memory: 'bytes', ops: 'µs of CPU' };

export const REBALANCE_QUESTION = 'Do you want to proceed with the proposed rebalance plan (yes/no)?';

export function notNeededLine({ threshold, by, balances }: RebalancePlan, dialect: LineDialect = 'redis-cli'): string {
  if (by === 'ops' && balances.every(({ slots }) => slots === 0)) return '*** No rebalancing needed! No slot was busy while it was measured.';
  return `*** No rebalancing needed! All nodes are within the ${wordingOf(dialect).percent(threshold)}% threshold.`;
}

/** The head of the plan; `verbose` adds a line a master. */
export function rebalanceHeadLines(plan: RebalancePlan, verbose: boolean, dialect: LineDialect = 'redis-cli'): string[] {
  const head = `>>> Rebalancing across ${plan.balances.length} nodes. Total weight = ${wordingOf(dialect).weight(plan.totalWeight)}`;
  return [head, ...(verbose ? plan.balances.map(({ name, balance }) => `${name} balance is ${balance} ${UNIT[plan.by]}`) : [])];
}

/** The two lines of one pair: what moves, and a `#` for each slot that did. */
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

/** The plan for a person: who has what and should have what, then a row for each pair. */
export async function rebalanceTable(io: Io, view: ClusterView, plan: RebalancePlan): Promise<string> {
  const { by } = plan;
  const shares = plan.balances.map((one) => [one.name, String(one.weight), amount(by, one.slots), amount(by, one.expected), difference(by, one.balance)]);
  const columns = [{ title: 'master' }, { title: 'weight', align: 'right' as const }, { title: UNIT[by], align: 'right' as const }, { title: 'share', align: 'right' as const }, { title: '' }];
  const name = (id: string): string => view.node(id)?.name ?? id;
  const moves = plan.steps.map((step) => [name(step.source), '→', name(step.target), formatCount(countSlots(step.slots))]);
  const total = plan.steps.reduce((sum, step) => sum + countSlots(step.slots), 0);
  return [
    await drawTable(io.style, columns, shares),
    '',
    io.style.strong(`Ready to move ${formatCount(total)} slots`),
    await drawTable(io.style, [{ title: 'from' }, { title: '' }, { title: 'to' }, { title: 'slots', align: 'right' }], moves),
  ].join('\n');
}

// The predecessors' lines of a reshard: the plan and one line per moved slot (cli.md 4.7, 8.3); the plan as a table.
import type { ClusterView } from '../../cluster/view.js';
import type { ReshardPlan } from '../../plan/reshard.js';
import { countSlots, eachSlot, type MoveStep } from '../../plan/step.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import type { LineDialect } from '../terminal.js';
import { nodeLines } from './cluster-lines.js';
import { shorten } from './count.js';

export const RESHARD_QUESTION = 'Do you want to proceed with the proposed reshard plan (yes/no)?';

/** From the empty line after the check to the last `Moving slot N from ID`. */
export function reshardPlanLines(view: ClusterView, plan: ReshardPlan, dialect: LineDialect = 'redis-cli'): string[] {
  const blocks = (ids: readonly string[]): string[] =>
    ids.flatMap((id) => {
      const node = view.node(id);
      return node === undefined ? [] : nodeLines(view, node, 4, dialect);
    });
  // Named slots that already belong to the target are not counted; a number that cannot be reached is shown unchanged, as in
  // redis-cli.
  const ready = plan.notes.some(({ code }) => code === 'ALREADY_THERE') ? plan.moved : plan.wanted;
  return [
    '',
    `Ready to move ${ready} slots.`,
    '  Source nodes:',
    ...blocks(plan.sources),
    '  Destination node:',
    ...blocks(plan.targets),
    '  Resharding plan:',
    ...plan.steps.flatMap((step) => [...eachSlot(step.slots)].map((slot) => `    Moving slot ${slot} from ${step.source}`)),
  ];
}

/** A moved slot, with a dot for each key; `replaced`: some keys were overwritten on the target (cli.md 8.9). */
export function movedSlotLine(slot: number, source: string, target: string, keys: number, replaced = false): string {
  return `Moving slot ${slot} from ${source} to ${target}: ${replaced ? '\n*** Target key exists\n*** Replacing target keys...\n' : ''}${'.'.repeat(keys)}`;
}

/** The moves as a table: a row for each pair of nodes. */
export async function movesTable(io: Io, view: ClusterView, steps: readonly MoveStep[]): Promise<string> {
  const name = (id: string): string => view.node(id)?.name ?? id;
  const ranges = (step: MoveStep): string => step.slots.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
  const rows = steps.map((step) => [name(step.source), '→', name(step.target), String(countSlots(step.slots)), shorten(ranges(step), 60)]);
  return drawTable(io, [{ title: 'from' }, { title: '' }, { title: 'to' }, { title: 'slots', align: 'right' }, { title: '', cuttable: true, dispensable: 1 }], rows);
}

/** The plan as a table. */
export async function reshardTable(io: Io, view: ClusterView, plan: ReshardPlan): Promise<string> {
  return `${io.style.strong(`Ready to move ${plan.moved} ${plan.moved === 1 ? 'slot' : 'slots'}`)}\n${await movesTable(io, view, plan.steps)}`;
}

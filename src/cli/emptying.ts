// create --reset: shows what nodes hold, asks whether it may be lost, empties them. `--yes` answers for what only a reset
// takes; for keys and functions there is a flag of its own, as `reset` has one. Not here: the plan, the steps.
import type { NewCluster } from '../apply/create.js';
import { TribError } from '../errors.js';
import { exceeds, planEmptying, type EmptyingPlan } from '../plan/emptying.js';
import type { CommandContext } from './define.js';

/** Lists the nodes; nothing with --json, which has the plan in its document. */
export async function showEmptying(plan: EmptyingPlan, { io }: CommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { emptyingLines } = await import('../ui/views/emptying-lines.js');
  const [head = '', ...lines] = emptyingLines(plan);
  io.out([io.mode === 'plain' ? head : io.style.warn(head.replace(/^>>> /, '')), ...lines, ...(io.mode === 'plain' ? [] : [''])].join('\n'));
}

/** Asks, unless a flag has answered. Rejects with DECLINED (exit 4), or NOT_A_TERMINAL (2) naming the flag. */
export async function agreeToEmpty(plan: EmptyingPlan, flush: boolean, context: CommandContext): Promise<void> {
  const { emptyingQuestion } = await import('../ui/views/emptying-lines.js');
  const question = emptyingQuestion(plan);
  if (plan.keys === 0 && plan.functions === 0) return context.confirm(question);
  if (!flush) await (await context.io.prompts(context.signal)).confirm(question, '--flush');
}

/** Empties what was shown. `nodes`: as they are now; throws PLAN_STALE when they hold more, else as emptyNodes. */
export async function emptyAsShown(nodes: NewCluster, shown: EmptyingPlan, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const plan = planEmptying(nodes.holdings);
  if (exceeds(plan, shown)) throw new TribError('PLAN_STALE', 'The nodes hold more than was shown: nothing was changed', { hint: 'run create again' });
  const [{ emptyNodes }, { showSteps }, { emptyingLine }] = await Promise.all([import('../apply/empty-nodes.js'), import('../ui/node-steps.js'), import('../ui/views/emptying-lines.js')]);
  const names = new Map(plan.nodes.map((node) => [node.id, node.name]));
  const name = (id: string): string => names.get(id) ?? id;
  const display = await showSteps(io, 'Emptying nodes', name, (step) => emptyingLine(step, name));
  try {
    await emptyNodes(plan, nodes.links, { onEvent: display.onEvent, signal });
    display.done(`Emptied ${plan.nodes.length} ${plan.nodes.length === 1 ? 'node' : 'nodes'}`);
  } catch (error) {
    display.failed();
    throw error;
  }
}

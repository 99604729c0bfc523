// create --reset: shows what nodes hold, asks whether it may be deleted, empties them. `--yes` covers what a reset alone
// deletes; keys and functions require --flush, as in `reset`. Not here: the plan, the steps.
import type { NewCluster } from '../../apply/steps/create.js';
import { TribError } from '../../errors.js';
import { exceeds, heldByNode, planEmptying, type EmptyingPlan } from '../../plan/emptying.js';
import type { SubcommandContext } from '../program/define.js';

/** Lists the nodes; prints nothing with --json, where the plan is in the document. */
export async function showEmptying(plan: EmptyingPlan, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { emptyingLines } = await import('../../ui/views/emptying-lines.js');
  const [head = '', ...lines] = emptyingLines(plan);
  io.out([io.mode === 'plain' ? head : io.style.warn(head.replace(/^>>> /, '')), ...lines, ...(io.mode === 'plain' ? [] : [''])].join('\n'));
}

/** Asks unless a flag answers. Rejects with DECLINED (exit 4), NO_ANSWER or NOT_A_TERMINAL (2) with the flag's name. */
export async function agreeToEmpty(plan: EmptyingPlan, flush: boolean, context: SubcommandContext): Promise<void> {
  const { emptyingQuestion } = await import('../../ui/views/emptying-lines.js');
  const question = emptyingQuestion(plan);
  if (plan.keys === 0 && plan.functions === 0) return context.confirm(question);
  if (!flush) await (await context.io.prompts(context.signal)).confirm(question, '--flush');
}

/** Empties what was shown. `nodes`: their present state. Throws PLAN_STALE when they hold more, else as emptyNodes. */
export async function emptyAsShown(nodes: NewCluster, shown: EmptyingPlan, context: SubcommandContext): Promise<void> {
  const { io, signal } = context;
  const plan = planEmptying(nodes.contents);
  if (exceeds(plan, shown)) throw new TribError('PLAN_STALE', 'The nodes hold more than was shown: nothing was changed', { hint: 'run create again' });
  const [{ emptyNodes }, { showSteps }, { emptyingLine }] = await Promise.all([import('../../apply/steps/empty-nodes.js'), import('../../ui/node-steps.js'), import('../../ui/views/emptying-lines.js')]);
  const names = new Map(plan.nodes.map((node) => [node.id, node.name]));
  const name = (id: string): string => names.get(id) ?? id;
  const display = await showSteps(io, 'Emptying nodes', name, (step) => emptyingLine(step, name));
  try {
    await emptyNodes(plan, nodes.links, { onEvent: display.onEvent, signal, held: heldByNode(nodes.contents) });
    display.done(`Emptied ${plan.nodes.length} ${plan.nodes.length === 1 ? 'node' : 'nodes'}`);
  } catch (error) {
    display.failed();
    throw error;
  }
}

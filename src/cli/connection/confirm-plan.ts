// The question of a command that deletes data or removes nodes. The cluster may change while the user reads it, so everything
// that justified the plan is read and judged again after the answer. Not here: the last look at each node before its request
// (apply/steps/unchanged.ts).
import { unlessAborted } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { TribError } from '../../errors.js';
import { changeOf, type Standing } from '../../plan/standing.js';
import type { Step } from '../../plan/step.js';
import type { SubcommandContext } from '../program/define.js';

/** A plan with the nodes whose data or membership it endangers, as they were when it was made. */
export interface Judgement {
  readonly plan: { readonly steps: readonly Step[] };
  readonly standings: readonly Standing[];
}

function stale(why: string, { cause, hint }: { readonly cause?: unknown; readonly hint?: string | undefined } = {}): TribError {
  return new TribError('PLAN_STALE', `The cluster has changed since the plan was made: ${why}. Nothing was changed`, { hint: hint ?? 'run the same command again to see the new plan', cause });
}

/** Steps without their order: nodes are listed in the order of CLUSTER NODES, which may change. */
function content({ plan }: Judgement): string {
  return plan.steps.map((step) => JSON.stringify(step)).sort().join('\n');
}

/** Why the second judgement is not what the user agreed to; undefined when it is. */
function difference(shown: Judgement, again: Judgement): string | undefined {
  const before = new Map(shown.standings.map((standing) => [standing.id, standing]));
  for (const now of again.standings) {
    const known = before.get(now.id);
    const change = known === undefined ? `${now.name} is concerned too` : changeOf(known, now);
    if (change !== undefined) return change;
  }
  return content(shown) === content(again) ? undefined : 'other steps would be necessary now';
}

/**
 * Asks (`question`; undefined: the command does not ask), loads the cluster again and judges again. Returns the new judgement,
 * which is equal to the one shown. Rejects as context.confirm; throws PLAN_STALE when anything has changed.
 */
export async function confirmPlan<J extends Judgement>(cluster: Cluster, shown: J, question: string | undefined, judge: () => Promise<J>, context: SubcommandContext): Promise<J> {
  if (question !== undefined) await context.confirm(question);
  const done = await (await import('./open.js')).showLoading(context);
  await unlessAborted(cluster.refresh(), context.signal).finally(done);
  let again: J;
  try {
    again = await unlessAborted(judge(), context.signal);
  } catch (error) {
    if (!(error instanceof TribError) || context.signal.aborted) throw error;
    throw stale(error.message.replace(/\.$/, ''), { cause: error, hint: error.hint });
  }
  const why = difference(shown, again);
  if (why !== undefined) throw stale(why);
  return again;
}

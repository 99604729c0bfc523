// Plan files of `--plan-out` and `apply`: reading, writing, their option. What is in them is plan/saved-plan.ts's.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import { parseSavedPlan, savePlan, type SavedPlan } from '../plan/saved-plan.js';
import type { Step } from '../plan/step.js';
import type { CommandContext } from './define.js';
import { outputFile } from './options.js';
import { writeWhole } from './whole-file.js';

/** Spread into the options of a command that makes plans of moves. */
export const planFileOptions = {
  planOut: outputFile('save the plan to a file, to review it and apply it (again) with: redis-trib apply FILE'),
} as const;

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes the plan, whole or not at all, replacing a file of that name (writeWhole). Throws TribError PLAN_NOT_SAVED (exit 1). */
export async function writePlanFile(file: string, view: ClusterView, plan: { readonly kind: string; readonly steps: readonly Step[] }, seed: string, context: CommandContext): Promise<void> {
  const document = savePlan(view, plan, { seed, madeAt: new Date().toISOString() });
  try {
    await writeWhole(resolve(context.cwd, file), `${JSON.stringify(document, null, 2)}\n`, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    throw new TribError('PLAN_NOT_SAVED', `The plan could not be saved to ${file}`, { cause: error, hint: 'name a file that you may write, where there is room' });
  }
  context.io.note(`Plan saved to ${file}; apply it with: redis-trib apply ${file}`);
}

/** Reads a plan. Throws TribError BAD_PLAN_FILE (exit 2) for what can't be read or isn't a plan. */
export async function readPlanFile(file: string, context: CommandContext): Promise<SavedPlan> {
  let content: string;
  try {
    content = await readFile(resolve(context.cwd, file), 'utf8');
  } catch (error) {
    throw new TribError('BAD_PLAN_FILE', `The plan ${file} can't be read: ${reason(error)}`, { exitCode: ExitCode.usage, hint: 'reshard and rebalance write one with --plan-out FILE' });
  }
  try {
    return parseSavedPlan(content);
  } catch (error) {
    if (!(error instanceof TribError)) throw error;
    throw new TribError(error.code, `${file}: ${error.message}`, { exitCode: error.exitCode, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

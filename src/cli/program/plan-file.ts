// Plan files of `--plan-out` and `apply`: reading, writing, their option. The content is in plan/saved-plan.ts.
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { Allowances } from '../../files/allowances.js';
import { writeWhole } from '../../files/whole-file.js';
import { parseSavedPlan, savePlan, type SavedPlan } from '../../plan/saved-plan.js';
import type { Step } from '../../plan/step.js';
import { oneLine } from '../../resp/visible.js';
import { parseSeed, type SeedAddresses } from '../options/address.js';
import type { SubcommandContext } from './define.js';
import { outputFile } from '../options/options.js';
import { shellWord } from '../options/shell-word.js';

/** For the options of commands that plan moves. */
export const planFileOptions = {
  planOut: outputFile('save the plan to a file, to review it and to apply it (again) with: redis-trib apply FILE'),
} as const;

/**
 * Writes the plan completely or not at all, replacing an existing file (writeWhole). Throws TribError PLAN_NOT_SAVED (exit 1).
 */
export async function writePlanFile(file: string, view: ClusterView, plan: { readonly kind: string; readonly steps: readonly Step[] }, seed: string, context: SubcommandContext): Promise<void> {
  const document = savePlan(view, plan, { seed, madeAt: new Date().toISOString() });
  const [path, text] = [resolve(context.cwd, file), `${JSON.stringify(document, null, 2)}\n`];
  try {
    await writeWhole(path, text, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    throw new TribError('PLAN_NOT_SAVED', `The plan could not be saved to ${file}`, { cause: error, hint: 'give a writable file on a disk with free space' });
  }
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) await new Allowances(context.io.env).add(path, text);
  context.io.note(`Plan saved to ${file}; apply it with: redis-trib apply ${shellWord(file)}`);
}

/** A plan as read; `path` is absolute. */
export interface ReadPlan {
  readonly saved: SavedPlan;
  readonly path: string;
  readonly text: string;
}

/** Reads a plan. Throws TribError BAD_PLAN_FILE (exit 2) for a file that cannot be read or is not a plan. */
export async function readPlanFile(file: string, context: SubcommandContext): Promise<ReadPlan> {
  const path = resolve(context.cwd, file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new TribError('BAD_PLAN_FILE', `The plan ${file} can't be read: ${messageOf(error)}`, { exitCode: ExitCode.usage, hint: 'create a plan with reshard or rebalance and --plan-out FILE' });
  }
  try {
    return { saved: parseSavedPlan(text), path, text };
  } catch (error) {
    if (!(error instanceof TribError)) throw error;
    throw new TribError(error.code, `${file}: ${error.message}`, { exitCode: error.exitCode, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

/**
 * The seed for a plan that was given without a node. A plan identifies its cluster by node ids, but the address in the file may
 * have been edited. So that address gets no credentials unless this user's redis-trib wrote the file or the user confirms.
 * `fallback`: the user's own seed. Throws UNTRUSTED_SEED (exit 2), DECLINED (exit 4).
 */
export async function seedOfPlan({ saved, path, text }: ReadPlan, fallback: string | undefined, context: SubcommandContext): Promise<SeedAddresses> {
  const { io, signal, carriesSecrets } = context;
  const allowances = new Allowances(io.env);
  if (!carriesSecrets || allowances.has(path, text)) return parseSeed(saved.seed);
  if (fallback !== undefined) return parseSeed(fallback);
  const what = `${path} was not written by you here, or was edited; it says that its cluster is at ${oneLine(saved.seed)}`;
  if (!io.interactive) {
    throw new TribError('UNTRUSTED_SEED', `${what}, and your password or certificate would go there`, { exitCode: ExitCode.usage, hint: `give a node of the cluster: redis-trib apply ${shellWord(path)} HOST:PORT` });
  }
  await (await io.prompts(signal)).confirm(`${what}. Log in there? (type 'yes' to accept):`, 'HOST:PORT');
  await allowances.add(path, text);
  return parseSeed(saved.seed);
}

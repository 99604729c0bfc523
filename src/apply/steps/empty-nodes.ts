// Empties nodes as planned (plan/emptying.ts) and reports the progress of each after a failure. Not here: the confirmation
// (cli/connection/emptying.ts), the steps (steps/leave.ts).
import type { SlotSet } from '../../cluster/slot-set.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import type { EmptiedNode, EmptyingPlan } from '../../plan/emptying.js';
import type { NodeStep } from '../../plan/node-steps.js';
import { aborted } from '../../client/socket.js';
import { unlessAborted } from '../node/delay.js';
import type { OnEvent } from '../node/event.js';
import type { NodeLink } from '../node/node-link.js';
import { runNodeStep } from './node-step.js';
import type { StepJob } from './step-job.js';
import { requireHeld } from './unchanged.js';

export interface EmptyOptions {
  readonly onEvent?: OnEvent;
  /** Stops at once; an unfinished step counts as not done. */
  readonly signal?: AbortSignal;
  /** Slots that the nodes held when the plan was made, by id: a node that holds more when its turn comes is left as it is. */
  readonly held?: ReadonlyMap<string, SlotSet>;
}

/** Progress of one node. */
interface EmptyingProgress {
  readonly node: EmptiedNode;
  readonly steps: readonly NodeStep[];
  /** Whether any command was sent to it. */
  begun: boolean;
  /** Number of completed steps. */
  done: number;
  error: unknown;
}

async function empty(progress: EmptyingProgress, job: StepJob, held: SlotSet | undefined): Promise<void> {
  try {
    if (held !== undefined) await unlessAborted(requireHeld(job.link(progress.node.id), held), job.signal);
    for (const step of progress.steps) {
      if (job.signal?.aborted === true) throw aborted(job.signal);
      job.emit({ kind: 'stepStarted', index: progress.done, step });
      progress.begun = true;
      await unlessAborted(runNodeStep(job, step), job.signal);
      job.emit({ kind: 'stepDone', index: progress.done, step });
      progress.done++;
    }
  } catch (error) {
    progress.error = error;
  }
}

const DONE: Readonly<Partial<Record<NodeStep['kind'], string>>> = { flush: 'its keys are deleted', 'flush-functions': 'its functions are deleted', reset: 'it is reset' };

function account(all: readonly EmptyingProgress[]): string {
  const names = (some: readonly EmptyingProgress[]): string => some.map(({ node }) => node.name).join(', ');
  const complete = all.filter(({ done, steps }) => done === steps.length);
  const partly = all.filter(({ done, steps }) => done > 0 && done < steps.length);
  const refused = all.filter(({ begun, done }) => begun && done === 0);
  const untouched = all.filter(({ begun }) => !begun);
  return [
    `emptied: ${complete.length === 0 ? 'none' : names(complete)}`,
    ...partly.map(({ node, done, steps }) => `half way: ${node.name} (${steps.slice(0, done).map(({ kind }) => DONE[kind] ?? kind).join(', ')})`),
    ...(refused.length > 0 ? [`failed: ${names(refused)}`] : []),
    ...(untouched.length > 0 ? [`untouched: ${names(untouched)}`] : []),
  ].join('; ');
}

function incomplete(all: readonly EmptyingProgress[], { node, error }: EmptyingProgress): TribError {
  const known = error instanceof TribError ? error : undefined;
  const text = messageOf(error);
  const message = `${text.includes(node.name) ? text : `${node.name}: ${text}`} (${account(all)})`;
  return new TribError(known?.code === 'ABORTED' ? 'ABORTED' : 'EMPTYING_FAILED', message, {
    exitCode: known?.exitCode ?? ExitCode.failed,
    cause: error,
    hint: 'no cluster was created; run the same command again to continue: nodes that are empty already stay as they are',
  });
}

/**
 * Empties the nodes, replicas before masters, otherwise in parallel. Throws TribError EMPTYING_FAILED or ABORTED, which list
 * the nodes that are empty, partly emptied, and untouched.
 */
export async function emptyNodes(plan: EmptyingPlan, links: ReadonlyMap<string, NodeLink>, options: EmptyOptions = {}): Promise<void> {
  const job: StepJob = {
    link: (id) => {
      const link = links.get(id);
      if (link === undefined) throw new TribError('NO_SUCH_NODE', `Node ${id} is not connected`);
      return link;
    },
    links: [...links.values()],
    emit: options.onEvent ?? (() => undefined),
    signal: options.signal,
    timeoutMs: 60_000,
  };
  const own = (id: string): NodeStep[] => plan.steps.filter((step): step is NodeStep => step.kind in DONE && 'node' in step && step.node === id);
  const all = plan.nodes.map((node): EmptyingProgress => ({ node, steps: own(node.id), begun: false, done: 0, error: undefined }));
  for (const role of ['replica', 'master'] as const) {
    await Promise.all(all.filter(({ node }) => node.role === role).map((progress) => empty(progress, job, options.held?.get(progress.node.id))));
    const failed = all.find(({ error }) => error !== undefined);
    if (failed !== undefined) throw incomplete(all, failed);
  }
}

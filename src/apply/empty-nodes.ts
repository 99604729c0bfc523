// Empties nodes as planned (plan/emptying.ts), and tells after a failure how far it came with each. Not here: asking for
// consent (cli/emptying.ts), the steps themselves (steps/leave.ts).
import { ExitCode, TribError } from '../errors.js';
import type { EmptiedNode, EmptyingPlan } from '../plan/emptying.js';
import type { NodeStep } from '../plan/node-steps.js';
import { aborted } from '../client/socket.js';
import { unlessAborted } from './delay.js';
import type { OnEvent } from './event.js';
import type { NodeLink } from './node-link.js';
import { runNodeStep } from './steps/node-step.js';
import type { StepJob } from './steps/step-job.js';

export interface EmptyOptions {
  readonly onEvent?: OnEvent;
  /** Stops at once; a step that was under way counts as not done. */
  readonly signal?: AbortSignal;
}

/** How far it came. */
interface Progress {
  readonly node: EmptiedNode;
  readonly steps: readonly NodeStep[];
  /** Whether anything was sent to it. */
  begun: boolean;
  /** Steps that are complete. */
  done: number;
  error: unknown;
}

async function empty(progress: Progress, job: StepJob): Promise<void> {
  try {
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

function account(all: readonly Progress[]): string {
  const names = (some: readonly Progress[]): string => some.map(({ node }) => node.name).join(', ');
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

function incomplete(all: readonly Progress[], { node, error }: Progress): TribError {
  const known = error instanceof TribError ? error : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const message = `${text.includes(node.name) ? text : `${node.name}: ${text}`} (${account(all)})`;
  return new TribError(known?.code === 'ABORTED' ? 'ABORTED' : 'EMPTYING_FAILED', message, {
    exitCode: known?.exitCode ?? ExitCode.failed,
    cause: error,
    hint: 'no cluster was made; the same command goes on: nodes that are empty by now stay as they are',
  });
}

/**
 * Empties the nodes, replicas before masters, otherwise at the same time. Throws TribError EMPTYING_FAILED, or ABORTED,
 * which say which nodes are empty, which half way, and which were not touched.
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
  const all = plan.nodes.map((node): Progress => ({ node, steps: own(node.id), begun: false, done: 0, error: undefined }));
  for (const role of ['replica', 'master'] as const) {
    await Promise.all(all.filter(({ node }) => node.role === role).map((progress) => empty(progress, job)));
    const failed = all.find(({ error }) => error !== undefined);
    if (failed !== undefined) throw incomplete(all, failed);
  }
}

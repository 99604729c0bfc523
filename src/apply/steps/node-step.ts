// Dispatches steps about whole nodes (plan/node-steps.ts) to their functions. Not here: slots and moves (apply-plan.ts,
// mover/).
import type { NodeStep } from '../../plan/node-steps.js';
import { failOver } from './failover.js';
import { copyFunctions, join } from './join.js';
import { awaitForgotten, flush, flushFunctions, forget, reset, shutdown } from './leave.js';
import { awaitReplication } from './replication.js';
import type { StepJob } from './step-job.js';

/** Carries out one step. Throws the node's refusal (ReplyError), the step's own timeouts, ABORTED. */
export function runNodeStep(job: StepJob, step: NodeStep): Promise<void> {
  switch (step.kind) {
    case 'copy-functions':
      return copyFunctions(job, step.source, step.node);
    case 'join':
      return join(job, step.node, step.peer);
    case 'await-replication':
      return awaitReplication(job, step.node, step.master);
    case 'forget':
      return forget(job, step.node, step.target);
    case 'await-forgotten':
      return awaitForgotten(job, step.target);
    case 'flush':
      return flush(job, step.node);
    case 'flush-functions':
      return flushFunctions(job, step.node);
    case 'reset':
      return reset(job, step.node, step.mode);
    case 'shutdown':
      return shutdown(job, step.node);
    case 'failover':
      return failOver(job, step);
  }
}

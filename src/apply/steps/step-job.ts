// The environment of steps about whole nodes. Only a type; dispatch is in node-step.ts.
import type { OnEvent } from '../node/event.js';
import type { NodeLink } from '../node/node-link.js';

/** What a step works on. */
export interface StepJob {
  /** The link to a node of the plan. Throws NO_SUCH_NODE. */
  link(id: string): NodeLink;
  readonly links: readonly NodeLink[];
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds for nodes to agree; default 60000. */
  readonly timeoutMs: number;
}

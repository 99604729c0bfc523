// What the steps about whole nodes are carried out on. A type alone; which function does which: node-step.ts.
import type { OnEvent } from '../event.js';
import type { NodeLink } from '../node-link.js';

/** What a step works on. */
export interface StepJob {
  /** The way to a node of the plan. Throws NO_SUCH_NODE. */
  link(id: string): NodeLink;
  readonly links: readonly NodeLink[];
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds that nodes get to come to agree; 60000 unless said otherwise. */
  readonly timeoutMs: number;
}

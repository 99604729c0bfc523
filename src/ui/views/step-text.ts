// A step of a plan about nodes as a sentence, for --dry-run and for progress. Pure.
import { counted } from '../../cluster/counted.js';
import type { Step } from '../../plan/step.js';
import { countSlots } from '../../plan/step.js';

/** From an id to the displayed name of the node. */
export type NameOf = (id: string) => string;

const FAILOVER = { manual: 'without losing a write', force: 'without asking the master', takeover: 'without votes' } as const;

/** One sentence, without a full stop. */
export function stepText(step: Step, name: NameOf): string {
  switch (step.kind) {
    case 'copy-functions':
      return `copy the functions of ${name(step.source)} to ${name(step.node)}`;
    case 'join':
    case 'meet':
      return `introduce ${name(step.node)} to ${name(step.peer)}`;
    case 'await-agreement':
      return 'wait until all nodes know each other and agree about the slots';
    case 'replicate':
      return `make ${name(step.node)} a replica of ${name(step.master)}`;
    case 'await-replication':
      return `wait until ${name(step.node)} has the data of ${name(step.master)}`;
    case 'forget':
      return `let ${name(step.node)} forget ${name(step.target)}`;
    case 'await-forgotten':
      return `wait until no node lists ${name(step.target)} any more`;
    case 'flush':
      return `delete all keys of ${name(step.node)}`;
    case 'flush-functions':
      return `delete all functions of ${name(step.node)}`;
    case 'reset':
      return `reset ${name(step.node)} (${step.mode})`;
    case 'shutdown':
      return `shut ${name(step.node)} down`;
    case 'failover':
      return `promote ${name(step.node)} in place of ${name(step.master)}, ${FAILOVER[step.mode]}`;
    case 'move-slots':
      return `move ${counted(countSlots(step.slots), 'slot')} from ${name(step.source)} to ${name(step.target)}`;
    default:
      return step.kind;
  }
}

/** Kinds whose steps are summarised in one line. */
const FOLDED: Readonly<Partial<Record<Step['kind'], (count: number, step: Step, name: NameOf) => string>>> = {
  forget: (count, step, name) => `make ${counted(count, 'node')} forget ${step.kind === 'forget' ? name(step.target) : ''}`,
};

/** A line per step; FORGETs of one node by many are one line. */
export function planTexts(steps: readonly Step[], name: NameOf): string[] {
  const lines: string[] = [];
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at];
    if (step === undefined) break;
    const fold = FOLDED[step.kind];
    const run = steps.slice(at).findIndex((other) => other.kind !== step.kind || targetOf(other) !== targetOf(step));
    const count = run < 0 ? steps.length - at : run;
    if (fold === undefined || count === 1) lines.push(stepText(step, name));
    else {
      lines.push(fold(count, step, name));
      at += count - 1;
    }
  }
  return lines;
}

function targetOf(step: Step): string | undefined {
  return step.kind === 'forget' ? step.target : undefined;
}

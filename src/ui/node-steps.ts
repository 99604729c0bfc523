// Shows plans about nodes, and their steps while they run: the predecessors' lines when piped, a progress line at a terminal.
// The command decides which line belongs to which step.
import type { OnEvent } from '../apply/node/event.js';
import type { PlanBase, Step } from '../plan/step.js';
import type { Io } from './io.js';
import { wordingOf } from './views/dialect.js';
import { planTexts, stepText, type NameOf } from './views/step-text.js';

export interface StepsDisplay {
  readonly onEvent: OnEvent;
  /** `text`: what was done, for display. */
  done(text: string): void;
  failed(): void;
}

/** The line a step prints when piped; undefined for none. */
export type StepLine = (step: Step) => string | undefined;

/** A predecessor's `Waiting for the cluster to join`, with a dot per second. */
class Dots {
  #dots = 0;
  #open = false;

  constructor(private readonly io: Io) {}

  start(): void {
    this.#open = true;
    this.#dots = 0;
  }

  tick(waitedMs: number): void {
    if (!this.#open || waitedMs < this.#dots * 1000) return;
    this.io.write('.');
    this.#dots++;
  }

  end(): void {
    if (this.#open) this.io.out('');
    this.#open = false;
  }
}

/** Starts the display. `lines` are printed as their steps start; a step of kind `dotted` waits with dots. */
export async function showSteps(io: Io, title: string, name: NameOf, lines: StepLine, dotted?: Step['kind']): Promise<StepsDisplay> {
  const plain = io.mode === 'plain';
  const progress = plain ? undefined : await io.progress(title, { unit: '' });
  const dots = new Dots(io);
  let current: string | undefined;
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.warn(`${event.message}`);
      else if (event.kind === 'waiting') {
        if (plain) dots.tick(event.waitedMs);
        else if (event.waitedMs >= 1000 && current !== undefined) progress?.describe(`${current} (${Math.floor(event.waitedMs / 1000)} s)`);
      } else if (event.kind === 'stepStarted') {
        current = stepText(event.step, name);
        progress?.describe(current);
        const line = plain ? lines(event.step) : undefined;
        const open = event.step.kind === dotted && wordingOf(io.lines).dotsOnLine;
        if (line !== undefined) io.write(open ? line : `${line}\n`);
        if (plain && event.step.kind === dotted) dots.start();
      } else if (event.kind === 'stepDone' && event.step.kind === dotted) dots.end();
    },
    done: (text) => progress?.succeed(text),
    failed: () => (plain ? dots.end() : progress?.stop()),
  };
}

/** Prints the plan as a numbered list; nothing with --json. Used before a confirmation and with --dry-run. */
export function showPlan(io: Io, plan: PlanBase, name: NameOf): void {
  if (io.mode === 'json') return;
  const lines = planTexts(plan.steps, name).map((text, index) => `${String(index + 1).padStart(3)}. ${text}`);
  io.out([io.style.strong('What will be done:'), ...lines].join('\n'));
}

// Carries out the moves of a plan for a subcommand: display, manners towards the servers on the same machine, and, when it
// ends early, the exact command that goes on. Not here: moving (apply/mover), what the options mean (mover-options.ts).
import type { ApplyEvent, ApplyStats } from '../apply/event.js';
import { KeyConflict, MoveIncomplete, type MoverOptions } from '../apply/mover/options.js';
import type { Cluster } from '../apply/open-cluster.js';
import { SlotSet } from '../cluster/slot-set.js';
import { TribError } from '../errors.js';
import { eachSlot, movedSlots, type MoveStep } from '../plan/step.js';
import { giveWay } from './courtesy.js';
import type { CommandContext } from './define.js';
import { moverOptions, waitOptions } from './mover-options.js';
import type { OptionTable } from './options.js';
import { reparented } from './reparented.js';
import { connectionOptions } from './shared-options.js';

export interface MovePlan {
  readonly steps: readonly MoveStep[];
}

export interface MoveRun {
  readonly settings: MoverOptions;
  /** `host:port`, for the command that goes on. */
  readonly seed: string;
  /** The file the plan is saved in, when it is. */
  readonly planFile?: string | undefined;
  /** Slots that need not be moved any more. */
  readonly done?: SlotSet;
  /** Keeps the progress line also when piped, instead of the predecessors' line a slot. */
  readonly progressWhenPiped?: boolean;
  /** Options beside the mover's that the command that goes on needs too. */
  readonly own?: OptionTable;
  /** Servers are kept from giving replicas other masters meanwhile. */
  readonly keepReplicas?: boolean;
  readonly onEvent?: (event: ApplyEvent) => void;
}

/** What the command that goes on begins with, and what must hold for it as it did for this one. */
export interface Resumption {
  readonly seed: string;
  readonly planFile?: string | undefined;
  /** Options to be given again, each after a blank. */
  readonly again: string;
}

/**
 * Commands that move what is left: named slots can be asked for again without moving anything twice. The plan's file
 * says the same shorter.
 */
export function continuation(plan: MovePlan, done: ReadonlySet<number>, { seed, planFile, again }: Resumption): string | undefined {
  if (planFile !== undefined) return `redis-trib apply ${planFile} ${seed}${again}`;
  const left = new Map<string, number[]>();
  for (const step of plan.steps) {
    const slots = [...eachSlot(step.slots)].filter((slot) => !done.has(slot));
    if (slots.length > 0) left.set(step.target, [...(left.get(step.target) ?? []), ...slots]);
  }
  const commands = [...left].map(([target, slots]) => `redis-trib reshard ${seed} --from all --to ${target} --slots ${rangesText(slots)}${again} --yes`);
  return commands.length === 0 ? undefined : commands.join(' && ');
}

/** `7-7` for a single slot alone: a bare number would be a count. */
function rangesText(slots: readonly number[]): string {
  const text = new SlotSet(slots).toString();
  return /^\d+$/.test(text) ? `${text}-${text}` : text;
}

/** Services that manage a cluster for their customers keep CLUSTER SETSLOT to themselves (cli 5.5). */
function managedAdvice({ cause, message }: MoveIncomplete): string {
  if (!(cause instanceof TribError) || cause.code !== 'SETSLOT_REFUSED' || !/unknown (sub)?command|NOPERM|not (allowed|supported)|disabled/i.test(message)) return '';
  return 'a managed service moves slots by its own console only; on a server of yours the ACL user needs +cluster|setslot; then: ';
}

function withContinuation(error: MoveIncomplete, next: string | undefined, run: MoveRun, context: CommandContext): MoveIncomplete {
  const { seed, planFile } = run;
  const { code, message, stats, failures, exitCode, cause } = error;
  if (next === undefined) return error;
  // A saved plan knows its own open slots; other commands refuse a cluster with open slots. Keys that differ stop both.
  const conflict = cause instanceof KeyConflict;
  const repair = failures.some(({ untouched }) => untouched !== true) && (conflict || planFile === undefined) ? `redis-trib fix ${seed}${conflict ? ' --replace' : ''}${context.again({ ...waitOptions, ...connectionOptions })} && ` : '';
  const advice = cause !== undefined && typeof cause === 'object' && cause !== null && 'hint' in cause && typeof cause.hint === 'string' ? `${cause.hint}; then: ` : '';
  return new MoveIncomplete(code, message, stats, failures, { hint: `${advice}${managedAdvice(error)}${repair}${next}`, exitCode, cause });
}

/** Lets servers of this machine go first. Returns what the mover should know of it. */
export async function stepBack({ view }: Cluster): Promise<Pick<MoverOptions, 'crowds'>> {
  if (!giveWay(view.masters.map(({ host }) => host))) return {};
  const { goLast, isLast } = await import('./last-in-line.js');
  await goLast();
  return { crowds: () => !isLast() };
}

/** Moves the slots of a plan, showing how it goes. Throws as Cluster.apply, with the command that goes on as the hint. */
export async function runMoves(cluster: Cluster, plan: MovePlan, run: MoveRun, context: CommandContext): Promise<ApplyStats> {
  const { showMoving } = await import('../ui/moving.js');
  const moved = new Set<number>(run.done ?? []);
  const total = movedSlots(plan.steps) - moved.size;
  const release = run.keepReplicas === true ? await (await import('./keep-replicas.js')).keepReplicas(cluster, context) : undefined;
  const display = await showMoving(context.io, total, run.progressWhenPiped === true ? false : undefined);
  const crowds = await stepBack(cluster);
  const onEvent = (event: ApplyEvent): void => {
    if (event.kind === 'slotClosed') moved.add(event.slot);
    display.onEvent(event);
    run.onEvent?.(event);
  };
  try {
    const before = cluster.view;
    const stats = await cluster.apply(plan, { ...run.settings, ...crowds, ...(context.pause === undefined ? {} : { pause: context.pause }), signal: context.signal, onEvent });
    display.done(stats);
    for (const text of reparented(before, cluster.view)) context.io.note(text);
    return stats;
  } catch (error) {
    display.failed();
    const again = context.again({ ...run.own, ...moverOptions, ...connectionOptions });
    if (error instanceof MoveIncomplete) throw withContinuation(error, continuation(plan, moved, { ...run, again }), run, context);
    throw error;
  } finally {
    await release?.();
  }
}

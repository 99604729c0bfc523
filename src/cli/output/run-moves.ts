// Carries out the moves of a plan for a subcommand: display, CPU priority, and, when it ends early, the command that continues.
// Not here: moving (apply/mover), the meaning of options (options/mover-options.ts).
import type { ApplyEvent, ApplyStats } from '../../apply/node/event.js';
import { KeyConflict, MoveIncomplete, type MoverOptions } from '../../apply/mover/pacing/options.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import { eachSlot, movedSlots, type MoveStep } from '../../plan/step.js';
import type { SubcommandContext } from '../program/define.js';
import { moverOptions, waitOptions } from '../options/mover-options.js';
import type { OptionTable } from '../options/options.js';
import { lowerPriority } from '../connection/niceness.js';
import { replicaChanges } from './replica-changes.js';
import { connectionOptions } from '../options/shared-options.js';
import { shellWord } from '../options/shell-word.js';

export interface MovePlan {
  readonly steps: readonly MoveStep[];
}

export interface MoveRun {
  readonly settings: MoverOptions;
  /** `host:port`, for the command that continues. */
  readonly seed: string;
  /** The file the plan is saved in, if any. */
  readonly planFile?: string | undefined;
  /** Slots that have moved already. */
  readonly done?: SlotSet;
  /** Keeps the progress line when piped, instead of the predecessors' line per slot. */
  readonly progressWhenPiped?: boolean;
  /** Options besides the mover's that the continuing command needs. */
  readonly own?: OptionTable;
  /** Servers must not change the masters of replicas meanwhile. */
  readonly keepReplicas?: boolean;
  /** As in ApplyOptions. */
  readonly allowEviction?: boolean;
  readonly onEvent?: (event: ApplyEvent) => void;
}

/** The beginning of the continuing command, and its conditions. */
export interface Resumption {
  readonly seed: string;
  readonly planFile?: string | undefined;
  /** Options to repeat, each after a blank. */
  readonly again: string;
}

/**
 * Commands that move the remaining slots. Named slots can be requested again without moving anything twice; a plan file makes
 * the command shorter.
 */
export function continuation(plan: MovePlan, done: ReadonlySet<number>, { seed, planFile, again }: Resumption): string | undefined {
  const left = new Map<string, number[]>();
  for (const step of plan.steps) {
    const slots = [...eachSlot(step.slots)].filter((slot) => !done.has(slot));
    if (slots.length > 0) left.set(step.target, [...(left.get(step.target) ?? []), ...slots]);
  }
  if (left.size > 0 && planFile !== undefined) return `redis-trib apply ${shellWord(planFile)} ${seed}${again}`;
  const commands = [...left].map(([target, slots]) => `redis-trib reshard ${seed} --from all --to ${target} --slots ${rangesText(slots)}${again} --yes`);
  return commands.length === 0 ? undefined : commands.join(' && ');
}

/** `7-7` for a single slot, because a bare number is a count. */
function rangesText(slots: readonly number[]): string {
  const text = new SlotSet(slots).toString();
  return /^\d+$/.test(text) ? `${text}-${text}` : text;
}

/** Managed services do not permit CLUSTER SETSLOT (cli.md 5.5). */
function managedAdvice({ cause, message }: MoveIncomplete): string {
  if (!(cause instanceof TribError) || cause.code !== 'SETSLOT_REFUSED' || !/unknown (sub)?command|NOPERM|not (allowed|supported)|disabled/i.test(message)) return '';
  return 'on a managed service, move the slots in its console; on your own server, grant the user +cluster|setslot, then: ';
}

function withContinuation(error: MoveIncomplete, next: string | undefined, run: MoveRun, context: SubcommandContext): MoveIncomplete {
  const { seed, planFile } = run;
  const { code, message, stats, failures, exitCode, cause } = error;
  if (next === undefined) return error;
  // A saved plan accepts its own open slots; other commands refuse a cluster with open slots. Conflicting keys stop both.
  const conflict = cause instanceof KeyConflict;
  const repair = failures.some(({ untouched }) => untouched !== true) && (conflict || planFile === undefined) ? `redis-trib fix ${seed}${conflict ? ' --replace' : ''}${context.again({ ...waitOptions, ...connectionOptions })} && ` : '';
  const advice = cause !== undefined && typeof cause === 'object' && cause !== null && 'hint' in cause && typeof cause.hint === 'string' ? `${cause.hint}; then: ` : '';
  return new MoveIncomplete(code, message, stats, failures, { hint: `${managedAdvice(error) || advice}${repair}${next}`, exitCode, cause });
}

/** Moves the slots of a plan and shows the progress. Throws as Cluster.apply, with the continuing command as the hint. */
export async function runMoves(cluster: Cluster, plan: MovePlan, run: MoveRun, context: SubcommandContext): Promise<ApplyStats> {
  const { showMoving } = await import('../../ui/moving.js');
  const moved = new Set<number>(run.done ?? []);
  const total = movedSlots(plan.steps) - moved.size;
  const release = run.keepReplicas === true ? await (await import('../connection/keep-replicas.js')).keepReplicas(cluster, context) : undefined;
  const display = await showMoving(context.io, total, run.progressWhenPiped === true ? false : undefined);
  if (context.ownProcess) lowerPriority(cluster.view.masters.map(({ host }) => host));
  const onEvent = (event: ApplyEvent): void => {
    if (event.kind === 'slotClosed') moved.add(event.slot);
    display.onEvent(event);
    run.onEvent?.(event);
  };
  try {
    const before = cluster.view;
    const stats = await cluster.apply(plan, { ...run.settings, ...(context.pause === undefined ? {} : { pause: context.pause }), signal: context.signal, onEvent, allowEviction: run.allowEviction === true });
    display.done(stats);
    for (const text of replicaChanges(before, cluster.view)) context.io.warn(text);
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

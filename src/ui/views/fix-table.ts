// A repair plan and its outcome as a table: a row per decision, then what could not be repaired. The predecessors' lines are in
// fix-lines.ts.
import type { FixOutcome } from '../../apply/fix/fix-run.js';
import type { ConflictCopy, ConflictPolicy, KeyConflictCase } from '../../apply/fix/settle-key.js';
import type { Danger, FixPlan } from '../../plan/fix/step.js';
import { countSlots } from '../../plan/step.js';
import type { Io } from '../io.js';
import { formatBytes } from '../bytes.js';
import type { Choice } from '../pick.js';
import type { Style } from '../style.js';
import { counted, formatCount, shorten } from './count.js';
import { decisionTexts, slotList } from './fix-lines.js';

function colour(style: Style, danger: Danger): string {
  if (danger === 'safe') return style.good('safe     ');
  return danger === 'careful' ? style.warn('careful  ') : style.bad('dangerous');
}

/** The plan: the action for each group of slots, its danger, and the reason. Two lines per decision, since reasons are long. */
export function fixPlanTable(io: Io, plan: FixPlan): string[] {
  const { style } = io;
  const lines = plan.decisions.flatMap((decision) => {
    const slots = countSlots(decision.slots);
    const { action, reason } = decisionTexts(decision);
    const keys = decision.holders.reduce((sum, { keys: held }) => sum + held, 0);
    const what = `${slots === 1 ? 'slot' : `${formatCount(slots)} slots`} ${shorten(slotList([decision]), 50)}`;
    return [`${colour(style, decision.danger)}  ${style.strong(what)}: ${action}${keys > 0 ? ` (${counted(keys, 'key')})` : ''}`, `           ${style.faint(reason)}`];
  });
  return plan.decisions.length === 0 ? [] : [style.strong(`Repairs (${plan.decisions.length})`), ...lines];
}

/** For example `2.1 kB hash, expires in 30 s`; a short string as its value, for example `"on", expires in 30 s`. */
export function copyText(copy: ConflictCopy): string {
  const what = copy.value === undefined ? `${formatBytes(copy.bytes)} ${copy.type}` : JSON.stringify(copy.value);
  return `${what}${copy.ttlMs < 0 ? '' : `, expires in ${Math.ceil(copy.ttlMs / 1000)} s`}`;
}

/** `slot 7`, `slot 7, database 3`. */
function locationText(slot: number, database: number): string {
  return `slot ${slot}${database === 0 ? '' : `, database ${database}`}`;
}

/** One line about a key with two values, for the question. */
export function conflictText({ slot, database, key, served, other, timeToLiveOnly }: KeyConflictCase): string {
  return `Key ${JSON.stringify(shorten(key, 60))} (${locationText(slot, database)}) has ${timeToLiveOnly === true ? 'different times to live' : 'different values'} on ${served.node} (its owner: ${copyText(served)}) and ${other.node} (${copyText(other)}).`;
}

export interface ConflictAnswer {
  readonly policy: ConflictPolicy;
  /** The answer holds for all further keys too. */
  readonly forAll: boolean;
}

/**
 * The answers to a question about a key: for this key, then for this and all further keys. Of copies with the same size none
 * is the larger.
 */
export function conflictChoices({ served, other }: KeyConflictCase): Choice<ConflictAnswer>[] {
  const larger = served.bytes > other.bytes ? served.node : other.node;
  const here: readonly (readonly [ConflictPolicy, string])[] = [
    ['newest-slot-owner', `keep the copy of the slot's owner, ${served.node}; save the other`],
    ...(served.bytes === other.bytes ? [] : [['largest', `keep the larger copy, of ${larger}; save the other`] as const]),
    ['abort', 'keep both where they are'],
  ];
  const further: readonly (readonly [ConflictPolicy, string])[] = [
    ['newest-slot-owner', 'this and all further keys: keep the copy of the owner of the slot; save the other'],
    ['largest', "this and all further keys: keep the larger copy, the owner's of two with the same size; save the other"],
    ['abort', 'this and all further keys: keep both where they are'],
  ];
  const choices = (kinds: typeof here, forAll: boolean): Choice<ConflictAnswer>[] => kinds.map(([policy, name]) => ({ name, value: { policy, forAll } }));
  return [...choices(here, false), ...choices(further, true)];
}

/** What was done, as sentences. */
export function doneLines({ keys, movesFinished, saved }: FixOutcome, file: string): string[] {
  const done = [`${counted(keys, 'key')} moved`, ...(movesFinished > 0 ? [`${counted(movesFinished, 'interrupted move')} finished`] : [])].join(', ');
  return [`${done}.`, ...(saved > 0 ? [`${saved === 1 ? 'The copy of a key was' : `${formatCount(saved)} copies of keys were`} saved to ${file}, then removed; the first line of the file explains how to restore one.`] : [])];
}

/** What was not repaired, as sentences: slots by their problem, then keys with two copies. */
export function unrepairedLines({ failures, unresolved }: FixOutcome): string[] {
  const failed = new Map<string, number[]>();
  for (const { message, slot } of failures) failed.set(message, [...(failed.get(message) ?? []), slot]);
  return [
    ...[...failed].map(([message, slots]) => `${slots.length === 1 ? `Slot ${slots[0] ?? ''} was` : `${slots.length} slots (${shorten(slots.join(','), 60)}) were`} not repaired: ${message}`),
    ...unresolved.slice(0, 20).map(({ key, slot, database, nodes }) => `Key ${JSON.stringify(key)} (${locationText(slot, database)}) has different values or times to live on ${nodes[0]} (its owner) and ${nodes[1]}: both stay.`),
    ...(unresolved.length > 20 ? [`… and ${counted(unresolved.length - 20, 'more key')}.`] : []),
    ...[...new Set(unresolved.map(({ nodes }) => nodes[1]))].map((name) => `The copies on ${name} are not served, and are lost when it loses its last slot or leaves the cluster.`),
  ];
}

// A plan of moves as a file: JSON with the cluster, owners and epochs it was made for, so that it can be reviewed, stored,
// applied later, and applied again after an interruption. Pure. Not here: reading and writing files (cli/program/plan-file.ts).
import type { SlotRange } from '../cluster/slot-set.js';
import { SlotSet } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError, messageOf } from '../errors.js';
import type { MoveStep, Step } from './step.js';
import { eachSlot } from './step.js';

/** Version of the file format. Adding a field keeps it; a change of meaning raises it. */
export const PLAN_FILE_VERSION = 1;

export interface SavedNode {
  readonly id: string;
  readonly name: string;
  readonly configEpoch: number;
  /** Slots of the node when the plan was made, as in `0-99,200`. */
  readonly slots: string;
}

export interface SavedPlan {
  readonly redisTribPlan: typeof PLAN_FILE_VERSION;
  /** The subcommand that made the plan. */
  readonly kind: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /** The seed node, `host:port`. */
  readonly seed: string;
  /** All masters of the cluster. */
  readonly masters: readonly SavedNode[];
  readonly steps: readonly MoveStep[];
}

/** Creates the document of a plan. Throws TribError NOT_SAVABLE for plans with steps other than moves. */
export function savePlan(view: ClusterView, plan: { readonly kind: string; readonly steps: readonly Step[] }, facts: { readonly seed: string; readonly madeAt: string }): SavedPlan {
  const steps = plan.steps.filter((step): step is MoveStep => step.kind === 'move-slots');
  if (steps.length < plan.steps.length) throw new TribError('NOT_SAVABLE', 'Only plans that move slots can be saved', { exitCode: ExitCode.usage });
  const masters = view.masters.map(({ id, name, configEpoch, slots }) => ({ id, name, configEpoch, slots: slots.toString() }));
  return { redisTribPlan: PLAN_FILE_VERSION, kind: plan.kind, ...facts, masters, steps };
}

function bad(what: string): TribError {
  return new TribError('BAD_PLAN_FILE', `This is not a plan of redis-trib: ${what}`, { exitCode: ExitCode.usage, hint: 'create one with: redis-trib reshard … --plan-out FILE' });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

function isRange(value: unknown): value is SlotRange {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last] = value as unknown[];
  return Number.isInteger(first) && Number.isInteger(last) && Number(first) >= 0 && Number(first) <= Number(last) && Number(last) < SLOT_COUNT;
}

function readStep(value: unknown, index: number): MoveStep {
  if (!isObject(value)) throw bad(`step ${index + 1} is not an object`);
  const { kind, source, target, slots } = value;
  if (kind !== 'move-slots') throw bad(`step ${index + 1} is of kind ${JSON.stringify(kind)}; only move-slots is known`);
  if (!isId(source) || !isId(target)) throw bad(`step ${index + 1} has no source or no target`);
  if (!Array.isArray(slots) || slots.length === 0 || !slots.every(isRange)) throw bad(`step ${index + 1} has no valid slots`);
  return { kind, source, target, slots };
}

function readMaster(value: unknown, index: number): SavedNode {
  if (!isObject(value)) throw bad(`master ${index + 1} is not an object`);
  const { id, name, configEpoch, slots } = value;
  if (!isId(id) || typeof name !== 'string' || typeof configEpoch !== 'number' || typeof slots !== 'string') throw bad(`master ${index + 1} lacks id, name, configEpoch or slots`);
  return { id, name, configEpoch, slots };
}

/** Reads the text of a plan file. Throws TribError BAD_PLAN_FILE (exit 2) with the reason. */
export function parseSavedPlan(text: string): SavedPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`it is not JSON (${messageOf(error)})`);
  }
  if (!isObject(value) || value['redisTribPlan'] === undefined) throw bad('the field redisTribPlan is missing');
  if (value['redisTribPlan'] !== PLAN_FILE_VERSION) throw bad(`its version is ${JSON.stringify(value['redisTribPlan'])}, this redis-trib reads ${PLAN_FILE_VERSION}`);
  const { kind, madeAt, seed, masters, steps } = value;
  if (typeof kind !== 'string' || typeof madeAt !== 'string' || typeof seed !== 'string') throw bad('kind, madeAt or seed is missing');
  if (!Array.isArray(masters) || masters.length === 0) throw bad('it has no masters');
  if (!Array.isArray(steps) || steps.length === 0) throw bad('it has no steps');
  return { redisTribPlan: PLAN_FILE_VERSION, kind, madeAt, seed, masters: masters.map(readMaster), steps: steps.map(readStep) };
}

/** How far a saved plan is carried out in a cluster. */
export interface PlanProgress {
  /** Slots of the plan that are on their targets already, and those still to move. */
  readonly done: SlotSet;
  readonly left: SlotSet;
}

function refused(code: string, message: string): TribError {
  return new TribError(code, message, { hint: 'run redis-trib check, then make a new plan' });
}

function memberNow(view: ClusterView, saved: SavedPlan, id: string): { now: ClusterNode; before: SavedNode } {
  const before = saved.masters.find((node) => node.id === id);
  if (before === undefined) throw bad(`its steps contain node ${id.slice(0, 8)}, its masters do not`);
  const now = view.node(id);
  if (now === undefined) throw refused('PLAN_STALE', `The plan needs ${before.name} (${id.slice(0, 8)}), which is not a reachable member of the cluster`);
  if (now.role !== 'master') throw refused('PLAN_STALE', `The plan needs ${before.name} (${id.slice(0, 8)}) as a master, but it is a replica now`);
  return { now, before };
}

/** A target's epoch rises with its first slot. Any other move of slots since then has also changed an epoch. */
function refuseOtherEpochs(view: ClusterView, saved: SavedPlan, done: SlotSet): void {
  const targets = new Set(saved.steps.map((step) => step.target));
  for (const id of new Set(saved.steps.flatMap((step) => [step.source, step.target]))) {
    const { now, before } = memberNow(view, saved, id);
    const begun = targets.has(id) && saved.steps.some((step) => step.target === id && [...eachSlot(step.slots)].some((slot) => done.has(slot)));
    if (now.configEpoch === before.configEpoch || (begun && now.configEpoch > before.configEpoch)) continue;
    throw refused('PLAN_STALE', `The plan was made when ${before.name} had config epoch ${before.configEpoch}, now it is ${now.configEpoch}: slots have moved or a failover has happened since`);
  }
}

/**
 * Checks a saved plan against the cluster as it is. Throws TribError OTHER_CLUSTER (no master in common) or PLAN_STALE (a node
 * is gone or no longer a master, a slot has another owner, or an epoch differs); `anyEpoch` skips the last check.
 */
export function judgeSavedPlan(view: ClusterView, saved: SavedPlan, anyEpoch = false): PlanProgress {
  if (!saved.masters.some((node) => view.node(node.id) !== undefined)) {
    throw refused('OTHER_CLUSTER', `The plan was made for another cluster: none of its ${saved.masters.length} masters (${saved.masters[0]?.name ?? ''}, …) is a member of this one`);
  }
  const done: number[] = [];
  const left: number[] = [];
  const owners = view.owners();
  for (const step of saved.steps) {
    const source = memberNow(view, saved, step.source);
    memberNow(view, saved, step.target);
    for (const slot of eachSlot(step.slots)) {
      const owner = owners[slot];
      if (owner?.id === step.target) done.push(slot);
      else if (owner?.id === step.source) left.push(slot);
      else throw refused('PLAN_STALE', `The plan takes slot ${slot} from ${source.before.name}, but ${owner === undefined ? 'no node owns it' : `${owner.name} owns it`} now`);
    }
  }
  const progress = { done: new SlotSet(done), left: new SlotSet(left) };
  if (!anyEpoch) refuseOtherEpochs(view, saved, progress.done);
  return progress;
}

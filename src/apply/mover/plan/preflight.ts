// Checks before the move whether the plan still fits the cluster. Splits the slots of a plan into those to move and those an
// interrupted run has moved already. Pure. Not here: moving.
import { counted } from '../../../cluster/counted.js';
import type { ClusterView } from '../../../cluster/view.js';
import { SlotSet } from '../../../cluster/slot-set.js';
import { TribError } from '../../../errors.js';
import type { MoveStep } from '../../../plan/step.js';
import { eachSlot } from '../../../plan/step.js';

/** The work between one source and one target. */
export interface PairWork {
  readonly source: string;
  readonly target: string;
  /** Slots to move, in the order of the plan. */
  readonly move: readonly number[];
  /** Slots that belong to the target but may still be open on some node. */
  readonly finish: readonly number[];
}

function stale(message: string): TribError {
  return new TribError('PLAN_STALE', message, { hint: 'run check, then make a new plan' });
}

function master(view: ClusterView, id: string): { id: string; name: string; slots: SlotSet } {
  const node = view.node(id);
  if (node === undefined) throw stale(`The plan names node ${id}, which is not a reachable member of this cluster`);
  if (node.role !== 'master') throw stale(`The plan names ${node.name} (${id.slice(0, 8)}) as a master, but it is a replica now`);
  return node;
}

/** Refuses slots left open by other moves. Open slots of this plan are completed by the second run. */
function refuseForeignOpenSlots(view: ClusterView, planned: ReadonlyMap<number, MoveStep>): void {
  const foreign = new Map<number, string>();
  for (const node of view.masters) { // Replicas show their master's marks or stale ones (ClusterView.openSlots).
    for (const [slot, target] of node.migrating) {
      const step = planned.get(slot);
      if (step?.source !== node.id || step.target !== target) foreign.set(slot, node.name);
    }
    for (const [slot, source] of node.importing) {
      const step = planned.get(slot);
      if (step?.target !== node.id || step.source !== source) foreign.set(slot, node.name);
    }
  }
  if (foreign.size === 0) return;
  const shown = [...foreign].slice(0, 10).map(([slot, name]) => `${slot} on ${name}`).join(', ');
  throw new TribError('OPEN_SLOTS', `${counted(foreign.size, 'slot', ['is', 'are'])} open: ${shown}${foreign.size > 10 ? ', …' : ''}`, {
    hint: 'another reshard may be running; if not, run fix first',
  });
}

/**
 * Checks the move steps against a fresh view. Throws TribError PLAN_STALE (unknown node, changed role, slot owned by another
 * node, slot twice in the plan) or OPEN_SLOTS (open slots outside this plan).
 */
export function preflight(view: ClusterView, steps: readonly MoveStep[]): PairWork[] {
  const planned = new Map<number, MoveStep>();
  const pairs = new Map<string, { source: string; target: string; move: number[]; finish: number[] }>();
  const lost: number[] = [];
  for (const step of steps) {
    const source = master(view, step.source);
    const target = master(view, step.target);
    if (source.id === target.id) throw stale(`The plan moves slots from ${source.name} to itself`);
    const key = `${source.id} ${target.id}`;
    const work = pairs.get(key) ?? { source: source.id, target: target.id, move: [], finish: [] };
    pairs.set(key, work);
    for (const slot of eachSlot(step.slots)) {
      if (planned.has(slot)) throw stale(`The plan moves slot ${slot} twice`);
      planned.set(slot, step);
      if (target.slots.has(slot)) work.finish.push(slot);
      else if (source.slots.has(slot)) work.move.push(slot);
      else lost.push(slot);
    }
  }
  if (lost.length > 0) throw stale(`Slots ${new SlotSet(lost).toString()} belong neither to the source nor to the target of the plan`);
  refuseForeignOpenSlots(view, planned);
  return [...pairs.values()];
}

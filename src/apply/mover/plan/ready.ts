// The pairs of a move with their requirements. Every move by MIGRATE is checked here before a slot is opened. Not here: the
// checks of one pair (move-requirements.ts).
import { SlotSet } from '../../../cluster/slot-set.js';
import { mapBounded } from '../../node/parallel.js';
import { readRequirements, type PairRequirements } from './move-requirements.js';
import { moverSettings, type MoverSettings } from '../pacing/options.js';
import type { PairWork } from './preflight.js';
import { link, type MoveRequest } from './request.js';
import { refuseUnstorable } from './storable-types.js';
import { retrying } from '../safety/retry.js';

const PAIRS_AT_ONCE = 32;

/** A pair's work and the requirements of its key moves; undefined when it has no slots to move. */
export interface ReadyPair extends PairWork {
  readonly requirements: PairRequirements | undefined;
}

/** Throws as readRequirements and refuseUnstorable when the keys of a pair cannot move. Changes nothing. */
export function readyPairs(request: Pick<MoveRequest, 'view' | 'links'>, work: readonly PairWork[], settings: MoverSettings): Promise<ReadyPair[]> {
  return mapBounded(work, PAIRS_AT_ONCE, async (pair) => {
    const [source, target] = [link(request, pair.source), link(request, pair.target)];
    const slots = request.view.node(target.id)?.slots ?? new SlotSet();
    if (pair.move.length === 0) return { ...pair, requirements: undefined };
    const requirements = await retrying(settings, source, () => readRequirements(source, target, slots));
    await retrying(settings, source, () => refuseUnstorable(source, target, pair.move));
    return { ...pair, requirements };
  });
}

/** Throws the errors that a move by MIGRATE of these pairs would throw before it begins. */
export async function requirePairs(request: MoveRequest, work: readonly PairWork[]): Promise<void> {
  await readyPairs(request, work, moverSettings(request.options, request.onEvent, request.signal));
}

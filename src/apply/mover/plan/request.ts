// The request of a move, and the nodes that take part in it. Not here: moving (mover.ts).
import { SlotSet } from '../../../cluster/slot-set.js';
import type { ClusterView } from '../../../cluster/view.js';
import { TribError } from '../../../errors.js';
import type { MoveStep } from '../../../plan/step.js';
import type { ApplyStats, OnEvent } from '../../node/event.js';
import type { NodeLink } from '../../node/node-link.js';
import type { MoverOptions, MoverSettings } from '../pacing/options.js';
import type { PairWork } from './preflight.js';
import { replacedNode } from '../safety/detect-failover.js';

export interface MoveRequest {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly steps: readonly MoveStep[];
  readonly options: MoverOptions;
  readonly onEvent: OnEvent;
  /** On abort, finishes the open slots, then throws ABORTED. */
  readonly signal: AbortSignal | undefined;
  /** What earlier runs of the same plan have moved; added to the totals. */
  readonly before?: ApplyStats;
  /** Called when a pair has moved all slots but one; a rejection leaves that slot where it is. */
  readonly beforeLastSlot?: (source: NodeLink) => Promise<void>;
}

export function link(request: Pick<MoveRequest, 'links'>, id: string): NodeLink {
  const found = request.links.get(id);
  if (found === undefined) throw new TribError('NO_SUCH_NODE', `Node ${id} is not connected`);
  return found;
}

/** All masters, the masters that move slots, and a function that detects a failover of one of these. */
export function participants({ view, links }: Pick<MoveRequest, 'view' | 'links'>, work: readonly PairWork[]): { masters: NodeLink[]; involved: NodeLink[]; replaced: MoverSettings['replaced'] } {
  const masters = view.masters.map((node) => link({ links }, node.id));
  const involved = masters.filter(({ id }) => work.some(({ source, target }) => source === id || target === id));
  const leaving = new SlotSet(work.flatMap(({ move, finish }) => [...move, ...finish]));
  const suspects = involved.map((suspect) => ({ link: suspect, keeps: (view.node(suspect.id)?.slots ?? new SlotSet()).difference(leaving) }));
  return { masters, involved, replaced: () => replacedNode(masters, suspects) };
}

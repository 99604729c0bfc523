// The questions of a reshard, in the order of the tutorials: how many, to whom, from whom. Each is asked only when its
// flag is missing.
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { parseSlotWish, reshardNode } from '../plan/reshard.js';
import type { Choice, Prompts } from './prompts.js';

export interface ReshardWishes {
  readonly slots: string | undefined;
  readonly to: readonly string[] | undefined;
  readonly from: readonly string[] | undefined;
}

export interface ReshardAnswers {
  readonly slots: string;
  readonly to: readonly string[];
  readonly from: 'all' | readonly string[];
}

function validWish(typed: string): true | string {
  try {
    parseSlotWish(typed);
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The id stands first, so that a pasted id selects its node. */
function nodeChoice(node: ClusterNode): Choice<string> {
  return { name: `${node.id} ${node.name} (${node.slots.size} slots)`, value: node.id };
}

async function askSources(view: ClusterView, to: readonly string[], prompts: Prompts): Promise<'all' | readonly string[]> {
  const targets = to.map((name) => reshardNode(view, name).id);
  const others = view.masters.filter((node) => !targets.includes(node.id) && node.slots.size > 0);
  const way = await prompts.select('Please enter all the source node IDs.', '--from', [
    { name: 'all: use all the nodes as source nodes for the hash slots', value: 'all' as const },
    { name: 'choose the source nodes', value: 'choose' as const },
  ]);
  return way === 'all' ? 'all' : prompts.selectMany('Source nodes:', '--from', others.map(nodeChoice));
}

/** Completes the wishes. Throws NOT_A_TERMINAL (exit 2) naming the first flag that is missing when nobody can be asked. */
export async function askReshard(view: ClusterView, wishes: ReshardWishes, prompts: () => Promise<Prompts>): Promise<ReshardAnswers> {
  const slots = wishes.slots ?? (await (await prompts()).text('How many slots do you want to move (from 1 to 16384)?', '--slots', validWish));
  const to = wishes.to ?? [await (await prompts()).select('What is the receiving node ID?', '--to', view.masters.map(nodeChoice))];
  const from = wishes.from ?? (await askSources(view, to, await prompts()));
  return { slots, to, from };
}

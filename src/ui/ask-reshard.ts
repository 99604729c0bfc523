// The questions of a reshard, in the tutorials' order: how many slots, to which node, from which nodes. Each is asked only when
// its flag is missing.
import { compareAddresses } from '../cluster/address.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { parseSlotRequest, reshardNode } from '../plan/reshard.js';
import type { Choice } from './pick.js';
import type { Prompts } from './prompts.js';

export interface ReshardRequest {
  readonly slots: string | undefined;
  readonly to: readonly string[] | undefined;
  readonly from: readonly string[] | undefined;
}

export interface ReshardAnswers {
  readonly slots: string;
  readonly to: readonly string[];
  readonly from: 'all' | readonly string[];
}

function validRequest(typed: string): true | string {
  try {
    parseSlotRequest(typed);
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function nodeChoice(node: ClusterNode): Choice<string> {
  return { name: `${node.id.slice(0, 8)} ${node.name} (${node.slots.size} slots)`, value: node.id, also: node.id };
}

/** In address order, as tables are. */
function nodeChoices(nodes: readonly ClusterNode[]): Choice<string>[] {
  return nodes.toSorted(compareAddresses).map(nodeChoice);
}

async function askTarget(view: ClusterView, prompts: Prompts): Promise<readonly string[]> {
  const find = (word: string): Choice<string> => nodeChoice(reshardNode(view, word));
  return prompts.pick({ question: () => 'What is the receiving node ID?', choices: nodeChoices(view.masters), find }, '--to');
}

const ALL = 'all: use all the nodes as source nodes for the hash slots';

async function askSources(view: ClusterView, to: readonly string[], prompts: Prompts): Promise<'all' | readonly string[]> {
  const targets = to.map((name) => reshardNode(view, name).id);
  const others = view.masters.filter((node) => !targets.includes(node.id) && node.slots.size > 0);
  const picked = await prompts.pick<string>(
    {
      intro: ['Please enter all the source node IDs.', "  Type 'all' to use all the nodes as source nodes for the hash slots.", "  Type 'done' once you entered all the source nodes IDs."],
      question: (number) => `Source node #${number}:`,
      choices: nodeChoices(others),
      find: (word) => nodeChoice(reshardNode(view, word)),
      several: { all: { name: ALL, value: ['all'] } },
    },
    '--from',
  );
  return picked.includes('all') ? 'all' : picked;
}

/** Completes the request. Throws NO_ANSWER or NOT_A_TERMINAL (exit 2) with the first missing flag. */
export async function askReshard(view: ClusterView, requested: ReshardRequest, prompts: () => Promise<Prompts>): Promise<ReshardAnswers> {
  const slots = requested.slots ?? (await (await prompts()).text('How many slots do you want to move (from 1 to 16384)?', '--slots', validRequest));
  const to = requested.to ?? (await askTarget(view, await prompts()));
  const from = requested.from ?? (await askSources(view, to, await prompts()));
  return { slots, to, from };
}

// The questions of a reshard, in the tutorials' order: how many slots, to which node, from which nodes. Each is asked only when
// its flag is missing.
import { messageOf, TribError } from '../errors.js';
import { compareAddresses } from '../cluster/address.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { noOtherSource, parseSlotRequest, reshardNode, TARGET_IS_SOURCE, targetIsOnlySource } from '../plan/reshard.js';
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
    return messageOf(error);
  }
}

function nodeChoice(node: ClusterNode): Choice<string> {
  return { name: `${node.id.slice(0, 8)} ${node.name} (${node.slots.size} ${node.slots.size === 1 ? 'slot' : 'slots'})`, value: node.id, also: node.id };
}

/** Checks the nodes that flags name, so that no question is asked in vain. */
function requireNodes(view: ClusterView, { to, from }: ReshardRequest): void {
  for (const name of to ?? []) reshardNode(view, name);
  for (const name of from ?? []) if (name.trim() !== 'all') reshardNode(view, name);
  if (to !== undefined && to.length > 0 && from !== undefined && noOtherSource(view, from, to)) throw targetIsOnlySource();
}

/** In address order, as tables are. */
function nodeChoices(nodes: readonly ClusterNode[]): Choice<string>[] {
  return nodes.toSorted(compareAddresses).map(nodeChoice);
}

/** The error for a replica in our own words: its master, and how to promote it. */
function replicaExplained(error: unknown): unknown {
  return error instanceof TribError && error.code === 'NOT_A_MASTER' && error.hint !== undefined ? new TribError(error.code, error.hint) : error;
}

/** Finds a typed node. `own`: in our own words; otherwise the error is the predecessors' line. */
function finder(view: ClusterView, own: boolean): (word: string) => Choice<string> {
  return (word) => {
    try {
      return nodeChoice(reshardNode(view, word));
    } catch (error) {
      throw own ? replicaExplained(error) : error;
    }
  };
}

/** With one master there is nothing to ask: slots could go nowhere. */
function refuseOnlyMaster(view: ClusterView): void {
  const [only, ...others] = view.masters;
  if (only === undefined || others.length > 0) return;
  const seed = view.entry.name;
  const replica = view.replicas[0];
  const again = replica === undefined ? '' : `, or make a replica an empty master: redis-trib del-node ${seed} ${replica.id}, then redis-trib add-node ${replica.name} ${seed}`;
  throw new TribError('NO_TARGET', `${only.name} is the only master: there is no other master to move slots to`, { hint: `add an empty node: redis-trib add-node HOST:PORT ${seed}${again}` });
}

/** `from`: the sources that are known already. A target that is their only node is refused. */
async function askTarget(view: ClusterView, from: readonly string[] | undefined, own: boolean, prompts: Prompts): Promise<readonly string[]> {
  const find = finder(view, own);
  const refuse = (id: string): string | undefined => (from !== undefined && noOtherSource(view, from, [id]) ? TARGET_IS_SOURCE : undefined);
  const choices = nodeChoices(view.masters.filter(({ id }) => refuse(id) === undefined));
  return prompts.pick({ question: () => 'What is the receiving node ID?', choices, find, refuse }, '--to');
}

const ALL = 'all: use all the nodes as source nodes for the hash slots';

async function askSources(view: ClusterView, to: readonly string[], own: boolean, prompts: Prompts): Promise<'all' | readonly string[]> {
  const targets = to.map((name) => reshardNode(view, name).id);
  const others = view.masters.filter((node) => !targets.includes(node.id) && node.slots.size > 0);
  const picked = await prompts.pick<string>(
    {
      intro: ['Please enter all the source node IDs.', "  Type 'all' to use all the nodes as source nodes for the hash slots.", "  Type 'done' once you entered all the source nodes IDs."],
      question: (number) => `Source node #${number}:`,
      choices: nodeChoices(others),
      find: finder(view, own),
      refuse: (id) => (targets.includes(id) ? TARGET_IS_SOURCE : undefined),
      several: { all: { name: ALL, value: ['all'] } },
    },
    '--from',
  );
  return picked.includes('all') ? 'all' : picked;
}

/** Whether a part of the request is missing, so that a question follows. */
export function asksReshard({ slots, to, from }: ReshardRequest): boolean {
  return slots === undefined || to === undefined || from === undefined;
}

/**
 * Completes the request. Throws NO_ANSWER or NOT_A_TERMINAL (exit 2) with the first missing flag; before any question, for a flag
 * that names an unknown node or a replica, and NO_SOURCE when the target is the only source. `own`: a terminal in our own
 * spelling, where a replica is explained and NO_TARGET comes first when there is only one master.
 */
export async function askReshard(view: ClusterView, requested: ReshardRequest, prompts: () => Promise<Prompts>, own = false): Promise<ReshardAnswers> {
  requireNodes(view, requested);
  if (own && asksReshard(requested)) refuseOnlyMaster(view);
  const slots = requested.slots ?? (await (await prompts()).text('How many slots do you want to move (from 1 to 16384)?', '--slots', validRequest));
  const to = requested.to ?? (await askTarget(view, requested.from, own, await prompts()));
  const from = requested.from ?? (await askSources(view, to, own, await prompts()));
  return { slots, to, from };
}

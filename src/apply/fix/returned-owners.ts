// Unreachable owners of slots that reply again just before their slots are claimed: a claim would make them delete their keys
// (cluster-node.md 3.4.2). Read-only.
import { formatAddress } from '../../cluster/address.js';
import type { UnreachableNode } from '../../cluster/view.js';
import { absentOwners } from '../../plan/fix/facts.js';
import { repliesAt } from '../cluster/replies-at.js';
import type { FixRequest } from './fix-run.js';

/** An owner that is back, with those of the slots that it owned. */
export interface ReturnedOwner {
  readonly node: UnreachableNode;
  readonly slots: readonly number[];
}

/** Whether the node replies at any address that a loaded node lists for it. */
async function isBack({ id }: UnreachableNode, { view, access = {} }: FixRequest): Promise<boolean> {
  const listed = view.nodes.flatMap(({ lines }) => lines.filter((line) => line.id === id && line.host !== '' && line.port !== 0));
  const places = new Map(listed.map((line) => [formatAddress(line), line]));
  return (await Promise.all([...places.values()].map((line) => repliesAt(line, access)))).includes(true);
}

/** Asks the unreachable owners of the slots again. Throws only on abort. */
export async function returnedOwners(request: FixRequest, slots: readonly number[]): Promise<ReturnedOwner[]> {
  const concerned = absentOwners(request.view)
    .map(({ node, slots: owned }) => ({ node, slots: slots.filter((slot) => owned.has(slot)) }))
    .filter((one) => one.slots.length > 0);
  const back = await Promise.all(concerned.map(({ node }) => isBack(node, request)));
  return concerned.filter((_, index) => back[index]);
}

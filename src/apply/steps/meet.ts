// Members that came back at another address: recognised by id and introduced to every reachable member, until all agree. Not
// here: new nodes (add-nodes.ts).
import type { Address } from '../../cluster/address.js';
import { formatAddress } from '../../cluster/address.js';
import { LineCache } from '../../cluster/nodes-text.js';
import { TribError } from '../../errors.js';
import { waitForAgreement, type AgreementOptions } from '../cluster/agreement.js';
import { isSameServer, requireOwnIds } from './identity.js';
import { readNodeView } from '../cluster/read-node-view.js';
import { NodeLink } from '../node/node-link.js';
import type { Cluster } from '../open-cluster.js';
import { mapBounded } from '../node/parallel.js';

export interface Returning {
  readonly link: NodeLink;
  /** The address that the members list. */
  readonly before: string;
  /** The members reach it there already; nothing to do. */
  readonly present: boolean;
}

/** The member at an address. Throws NOT_A_MEMBER, SAME_ID when the member is another server, or why it cannot be reached. */
async function recognise(cluster: Cluster, address: Address): Promise<Returning> {
  const { view, options, links } = cluster;
  const { connection, self } = await readNodeView(options.addressMap?.(address) ?? address, options, new LineCache(), undefined, address);
  const { remoteAddress: host } = connection;
  const link = new NodeLink({ id: self.id, name: formatAddress(address), announced: address, busPort: self.busPort ?? address.port + 10_000, address: options.addressMap?.(address) ?? { host, port: address.port } }, options, connection);
  try {
    const member = links.get(self.id);
    if (member !== undefined) {
      if (!(await isSameServer(member, link))) await requireOwnIds([member, link]);
      return { link, before: member.name, present: true };
    }
    const absent = view.unreachable.find(({ id }) => id === self.id);
    if (absent !== undefined) return { link, before: absent.name, present: false };
    throw new TribError('NOT_A_MEMBER', `Node ${link.name} (${self.id.slice(0, 12)}) is not a member of this cluster`, { hint: `to add an empty node: redis-trib add-node ${link.name} ${view.entry.name}` });
  } catch (error) {
    link.close();
    throw error;
  }
}

/**
 * Opens all of them or none: closes the links when one is refused. Throws as recognise, and SAME_ID for two servers with one
 * id.
 */
export async function openReturning(cluster: Cluster, addresses: readonly Address[]): Promise<readonly Returning[]> {
  const found: Returning[] = [];
  try {
    for (const address of addresses) found.push(await recognise(cluster, address));
    await requireOwnIds(found.map(({ link }) => link));
    return found;
  } catch (error) {
    for (const { link } of found) link.close();
    throw error;
  }
}

/**
 * Introduces each returning node to every member and to each other, then waits until all know all and agree. Throws a node's
 * refusal (ReplyError), NO_AGREEMENT at the deadline, ABORTED.
 */
export async function meetReturning(cluster: Cluster, returning: readonly Returning[], options: AgreementOptions): Promise<void> {
  const fresh = returning.filter(({ present }) => !present).map(({ link }) => link);
  const all = [...cluster.links.values(), ...fresh];
  const pairs = all.flatMap((member) => fresh.filter((link) => link !== member).map((link) => ({ member, link })));
  await mapBounded(pairs, 64, async ({ member, link }) => (await member.admin()).meet(await link.meetHost(), link.announced.port, link.busPort));
  await waitForAgreement(all, { ...options, members: all.map(({ id }) => id) });
}

// Nodes outside a list of nodes that are alive although the listed ones flag them as failed or have no link to them: a server
// that loads its data replies to clients but not to the cluster bus. Read-only.
import { formatAddress } from '../../cluster/address.js';
import type { NodeContents } from '../../plan/emptying.js';
import { repliesAt } from '../cluster/replies-at.js';
import type { ClusterOptions } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

/** Ids of nodes that the listed nodes know, that are not listed themselves, and that reply at an address known for them. */
export async function livingOutsiders(listed: readonly NodeContents[], options: ClusterOptions): Promise<ReadonlySet<string>> {
  const ids = new Set(listed.map(({ id }) => id));
  const all = listed.flatMap(({ lines }) => lines);
  const places = new Set([...listed.map(({ name }) => name), ...all.filter(({ myself }) => myself).map(formatAddress)]);
  const asked = new Map(
    all
      .filter((line) => !ids.has(line.id) && !line.flags.includes('handshake') && line.host !== '' && line.port !== 0 && !places.has(formatAddress(line)))
      .map((line) => [`${line.id} ${formatAddress(line)}`, line]),
  );
  const alive = await mapBounded([...asked.values()], options.concurrency ?? 64, async (line) => ((await repliesAt(line, options)) ? [line.id] : []));
  return new Set(alive.flat());
}

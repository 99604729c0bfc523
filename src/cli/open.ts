// Opens a cluster for a subcommand: seed, credentials and signal come together here. Loads the client only when called.
import type { Cluster } from '../apply/open-cluster.js';
import type { KeyCounts } from '../ui/views/cluster-lines.js';
import type { Seed } from './address.js';
import type { CommandContext } from './define.js';

/** The cluster behind the seed. Throws TribError with exit code 3 for what cannot be reached or entered. */
export async function openSeed(seed: Seed, context: CommandContext): Promise<Cluster> {
  const [{ openCluster }, settings] = await Promise.all([import('../apply/open-cluster.js'), context.connection(seed)]);
  return openCluster(seed.addresses, { ...settings, signal: context.signal });
}

/** Keys of every master, asked at the same time; the error's text where one doesn't tell. */
export async function countKeys(cluster: Cluster): Promise<KeyCounts> {
  const counts = cluster.view.masters.map(async (node): Promise<readonly [string, number | string]> => {
    try {
      return [node.id, await (await cluster.admin(node.id)).dbSize()];
    } catch (error) {
      return [node.id, error instanceof Error ? error.message : String(error)];
    }
  });
  return new Map(await Promise.all(counts));
}

// Judges before a move the masters that lose their last slot by it: servers since 7.0 turn them into replicas, which cannot be
// given slots again (cli.md 5.5) and delete the keys that they held in slots of other masters.
import type { Cluster } from '../../apply/open-cluster.js';
import { emptiedMasters } from '../../plan/emptied-masters.js';
import type { MoveStep } from '../../plan/step.js';
import type { Io } from '../../ui/io.js';
import { fewOf } from '../../ui/views/count.js';

/**
 * Throws as requireNoStrayKeys, and names the masters. `kept`: --keep-replicas was given; `quiet`: names none, where the output
 * must equal that of the predecessors.
 */
export async function judgeEmptiedMasters(cluster: Cluster, steps: readonly MoveStep[], { kept, quiet = false }: { readonly kept: boolean; readonly quiet?: boolean }, io: Io): Promise<void> {
  const emptied = emptiedMasters(cluster.view, steps);
  if (emptied.length === 0) return;
  await (await import('../../apply/cluster/stray-keys.js')).requireNoStrayKeys(cluster, steps, { kept });
  if (kept || quiet) return;
  for (const line of fewOf(emptied.map(({ name }) => `${name} gives all its slots away: servers since 7.0 then make it a replica of the node that gets the last of them. To keep it a master add --keep-replicas.`))) io.warn(line);
}

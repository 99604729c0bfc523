// Names before a move the masters that lose their last slot by it: servers since 7.0 turn them into replicas, and a replica
// cannot be given slots again (cli.md 5.5).
import type { ClusterView } from '../../cluster/view.js';
import { emptiedMasters } from '../../plan/emptied-masters.js';
import type { MoveStep } from '../../plan/step.js';
import type { Io } from '../../ui/io.js';
import { fewOf } from '../../ui/views/count.js';

/** `kept`: --keep-replicas was given. */
export function noteEmptiedMasters(view: ClusterView, steps: readonly MoveStep[], kept: boolean, io: Io): void {
  if (kept) return;
  const emptied = emptiedMasters(view, steps);
  for (const line of fewOf(emptied.map(({ name }) => `${name} gives all its slots away: servers since 7.0 then make it a replica of the node that gets the last of them. To keep it a master add --keep-replicas.`))) io.warn(line);
}

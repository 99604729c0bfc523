// Plans moving all slots of one master to others, so that those end up as even as possible. Pure. Not here: removing the node.
import { toRanges } from '../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import type { MoveStep } from './step.js';

/**
 * The masters that take the slots: the named ones, else all others that own slots, else all others. Throws NO_TARGET,
 * NOT_A_MASTER.
 */
export function drainTargets(view: ClusterView, source: ClusterNode, named: readonly string[] | undefined): ClusterNode[] {
  const others = view.masters.filter((node) => node.id !== source.id);
  if (named === undefined) {
    const owners = others.filter((node) => node.slots.size > 0);
    if (others.length === 0) throw new TribError('NO_TARGET', `${source.name} is the only master: no other master could take its slots`, { hint: 'add a master first: redis-trib add-node' });
    return owners.length > 0 ? owners : others;
  }
  const targets = [...new Map(named.map((text) => view.find(text)).map((node) => [node.id, node])).values()];
  const wrong = targets.find((node) => node.role !== 'master' || node.id === source.id);
  if (wrong !== undefined) {
    throw new TribError('NOT_A_MASTER', wrong.id === source.id ? `${source.name} cannot take its own slots` : `${wrong.name} is a replica: only masters can take slots`, { hint: `masters: ${others.map((node) => node.name).join(', ')}` });
  }
  return targets;
}

/** Number of slots for each target: the smallest masters are filled up first, to a common level. */
function evenShares(targets: readonly ClusterNode[], total: number): number[] {
  const sizes = targets.map((node) => node.slots.size);
  const sorted = [...sizes].sort((a, b) => a - b);
  let level = 0;
  let left = total;
  for (let filled = 1; filled <= sorted.length; filled++) {
    const below = sorted.slice(0, filled).reduce((sum, size) => sum + size, 0);
    const next = sorted[filled] ?? Infinity;
    if (next * filled - below < total) continue;
    level = Math.floor((total + below) / filled);
    break;
  }
  const shares = sizes.map((size) => {
    const share = Math.max(0, Math.min(left, level - size));
    left -= share;
    return share;
  });
  for (let index = 0; left > 0; index = (index + 1) % shares.length) {
    if ((sizes[index] ?? 0) + (shares[index] ?? 0) > level) continue; // Already above the level.
    shares[index] = (shares[index] ?? 0) + 1;
    left--;
  }
  return shares;
}

/** One move for each target that gets slots; slots in order, contiguous where possible. */
export function planDrain(source: ClusterNode, targets: readonly ClusterNode[]): MoveStep[] {
  const slots = source.slots.toArray();
  let at = 0;
  return evenShares(targets, slots.length).flatMap((count, index): MoveStep[] => {
    const part = slots.slice(at, at + count);
    at += count;
    const target = targets[index];
    return part.length === 0 || target === undefined ? [] : [{ kind: 'move-slots', source: source.id, target: target.id, slots: toRanges(part) }];
  });
}

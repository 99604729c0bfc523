// redis-trib reset: one node forgets its cluster and becomes an empty master. Dangerous, so it asks, and refuses what
// would lose slots or keys unless told. The others are not told: taking a node out is del-node's work.
import { defineCommand } from '../src/cli/define.js';
import { seedAndPerhapsNode } from '../src/cli/member-arguments.js';
import { openSeed } from '../src/cli/open.js';
import { flag } from '../src/cli/options.js';
import type { RolePlan } from '../src/plan/role-change.js';

interface Reset {
  readonly plan: RolePlan;
  readonly keys: number;
  /** Other nodes that know it. */
  readonly others: number;
  readonly applied: boolean;
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    soft: flag('forget the nodes and slots, keep id and epochs (the default)'),
    hard: flag('also take a new id and set the epochs to 0'),
    flush: flag('delete the keys of a master first; otherwise it refuses'),
    force: flag('although it owns slots that nobody would serve then'),
  },
  connects: true,
  mutates: true,
  description: 'Only this one node is told: as long as others know it, they keep it in their tables. To take it out of a cluster use del-node, which moves its slots away and lets the others forget it. A replica loses its data.',
  examples: ['redis-trib reset 127.0.0.1:7006', 'redis-trib reset 127.0.0.1:7006 --hard --flush --yes'],
  async run({ args, options }, context): Promise<Reset> {
    const { planReset } = await import('../src/plan/role-change.js');
    await using cluster = await openSeed(args.seed, context);
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const keys = await (await cluster.admin(node.id)).dbSize();
    const plan = planReset(view, node, keys, { mode: options.hard ? 'hard' : 'soft', flush: options.flush, force: options.force });
    const others = view.nodes.length + view.unreachable.length - 1;
    if (options.dryRun) return { plan, keys, others, applied: false };
    const costs = [
      ...(keys > 0 ? [`its ${keys} keys are deleted`] : []),
      ...(node.slots.size > 0 ? [`its ${node.slots.size} slots are served by nobody`] : []),
      ...(others > 0 ? [`it leaves its cluster of ${others + 1} nodes`] : []),
    ];
    await context.confirm(`Reset ${node.name} (${options.hard ? 'hard' : 'soft'})${costs.length > 0 ? `: ${costs.join(', ')}` : ''}? (type 'yes' to accept):`);
    await cluster.apply(plan, { signal: context.signal });
    return { plan, keys, others, applied: true };
  },
  async render({ plan, others, applied }, { io }) {
    if (!applied) {
      const { showPlan } = await import('../src/ui/node-steps.js');
      showPlan(io, plan, () => plan.node.name);
      return io.note('Dry run: nothing was changed.');
    }
    io.out(`[OK] ${plan.node.name} is reset: an empty master that knows nobody.`);
    if (others > 0) io.note(`${io.errStyle.warn('warning:')} ${others} other nodes still know it: redis-trib forget HOST:PORT ${plan.node.id} makes them forget it.`);
  },
});

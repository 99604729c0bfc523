// redis-trib reset: one node leaves its cluster and becomes an empty master. Dangerous, so it asks, and refuses to lose slots
// or keys without a flag. Other nodes keep it in their lists; del-node removes it there too.
import { defineCommand } from '../src/cli/program/define.js';
import { seedAndPerhapsNode } from '../src/cli/program/member-arguments.js';
import type { Judgement } from '../src/cli/connection/confirm-plan.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag } from '../src/cli/options/options.js';
import type { RolePlan } from '../src/plan/role-change.js';

interface Reset {
  readonly plan: RolePlan;
  readonly keys: number;
  /** Number of other nodes that know it. */
  readonly others: number;
  /** Address of one of them; absent when none can be reached. */
  readonly member?: string;
  readonly applied: boolean;
}

interface Judged extends Judgement {
  readonly plan: RolePlan;
  readonly keys: number;
  readonly others: number;
  readonly member?: string;
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    soft: flag('forget nodes and slots, keep the id and epochs (default)'),
    hard: flag('also take a new id and set the epochs to 0'),
    flush: flag('delete the keys of a master first, or give up keys that only this replica has; refused otherwise'),
    force: flag('reset although it owns slots, which no node would serve then'),
  },
  connects: true,
  mutates: true,
  description: 'Resets this node only: other nodes keep it in their tables. To remove it from a cluster use del-node, which makes the others forget it; with --drain it moves its slots away first. A replica loses its data.',
  examples: ['redis-trib reset 127.0.0.1:7006', 'redis-trib reset 127.0.0.1:7006 --hard --flush --yes'],
  async run({ args, options }, context): Promise<Reset> {
    const [{ planReset }, { standingOf }, { countKeys }] = await Promise.all([import('../src/plan/role-change.js'), import('../src/plan/standing.js'), import('../src/apply/node/slot-keys.js')]);
    await using cluster = await openSeed(args.seed, context);
    const node = args.node === undefined ? cluster.view.entry : cluster.view.find(args.node);
    const judge = async (): Promise<Judged> => {
      const { view } = cluster;
      const now = view.find(node.id);
      const keys = await countKeys(cluster.link(node.id));
      const plan = planReset(view, now, keys, { mode: options.hard ? 'hard' : 'soft', flush: options.flush, force: options.force });
      // A node that was removed may still list the others.
      const members = view.nodes.filter((other) => other !== now && other.lines.some(({ id }) => id === node.id));
      const member = members[0]?.name;
      const others = members.length + view.unreachable.length;
      return { plan, keys, others, ...(member === undefined ? {} : { member }), standings: [standingOf(view, node.id, keys)] };
    };
    const shown = await judge();
    const { plan, keys, others, member } = shown;
    const result = { plan, keys, others, ...(member === undefined ? {} : { member }) };
    if (options.dryRun) return { ...result, applied: false };
    const costs = [
      ...(keys > 0 ? [keys === 1 ? 'its key is deleted' : `its ${keys} keys are deleted`] : []),
      ...(node.slots.size > 0 ? [`no node serves its ${node.slots.size} ${node.slots.size === 1 ? 'slot' : 'slots'} any more`] : []),
      ...(others > 0 ? [`it leaves its cluster of ${others + 1} nodes`] : []),
    ];
    const question = `Reset ${node.name} (${options.hard ? 'hard' : 'soft'})${costs.length > 0 ? `: ${costs.join(', ')}` : ''}? (type 'yes' to accept):`;
    await (await import('../src/cli/connection/confirm-plan.js')).confirmPlan(cluster, shown, question, judge, context);
    await cluster.apply(plan, { signal: context.signal, giveUpKeys: options.flush || options.force });
    return { ...result, applied: true };
  },
  async render({ plan, others, member, applied }, { io }) {
    if (!applied) {
      const { showPlan } = await import('../src/ui/node-steps.js');
      showPlan(io, plan, () => plan.node.name);
      return io.note('Dry run: nothing was changed.');
    }
    io.out(`[OK] ${plan.node.name} is reset: an empty master that knows no other node.`);
    if (others > 0) io.warn(`${others} other ${others === 1 ? 'node still knows' : 'nodes still know'} it; to make them forget it: redis-trib forget ${member ?? 'HOST:PORT'} ${plan.node.id}`);
  },
  toJson: ({ plan, keys, others, applied }) => ({ plan, keys, others, applied }),
});

// Makes preferred nodes masters again: a failover for each that is a replica. Pure. Not here: a single failover
// (role-change.ts), carrying it out (apply/steps/failover.ts).
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import type { PlanBase } from './step.js';
import { planFailover } from './role-change.js';

interface PreferredNode {
  readonly id: string;
  readonly name: string;
}

export interface PreferredPlan extends PlanBase {
  readonly kind: 'preferred';
  /** The failovers, in the order of the list. */
  readonly changes: readonly { readonly node: PreferredNode; readonly master: PreferredNode }[];
  /** Nodes that are masters already. */
  readonly inPlace: readonly PreferredNode[];
}

/** Refuses two nodes of one shard, which cannot both be its master. */
function refuseRivals(nodes: readonly ClusterNode[]): void {
  const shards = new Map<string, ClusterNode>();
  for (const node of nodes) {
    const shard = node.masterId ?? node.id;
    const rival = shards.get(shard);
    if (rival !== undefined && rival.id !== node.id) {
      throw new TribError('SAME_SHARD', `${rival.name} and ${node.name} belong to the same shard: only one of them can be its master`, { exitCode: ExitCode.usage, hint: 'list only one of them' });
    }
    shards.set(shard, node);
  }
}

/** `preferred`: ids, prefixes of ids, or addresses. Throws NO_SUCH_NODE, AMBIGUOUS_NODE, SAME_SHARD, MASTER_DOWN. */
export function planPreferred(view: ClusterView, preferred: readonly string[]): PreferredPlan {
  const nodes = [...new Set(preferred.map((text) => view.find(text)))];
  refuseRivals(nodes);
  const plans = nodes.filter((node) => node.role === 'replica').map((node) => planFailover(view, node, 'manual'));
  return {
    schema: 1,
    kind: 'preferred',
    changes: plans.map(({ node, master }) => ({ node, master })),
    inPlace: nodes.filter((node) => node.role === 'master').map(({ id, name }) => ({ id, name })),
    steps: plans.flatMap((plan) => plan.steps),
  };
}

// Reports replicas that servers attached to another master while slots moved (cli.md 5.5). Pure.
import type { ClusterView } from '../../cluster/view.js';

/** A sentence for each node whose master has changed. */
export function replicaChanges(before: ClusterView, after: ClusterView): string[] {
  const name = (id: string | null): string => (id === null ? 'nobody' : (after.node(id)?.name ?? before.node(id)?.name ?? id));
  return after.replicas.flatMap((node) => {
    const was = before.node(node.id);
    if (was === undefined || was.masterId === node.masterId) return [];
    if (was.role === 'master') return [`${node.name} was a master and is a replica of ${name(node.masterId)} now.`];
    return [`${node.name} is a replica of ${name(node.masterId)} now (before: of ${name(was.masterId)}).`];
  });
}

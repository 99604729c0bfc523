// What --json prints about clusters: plain objects, stable names (schema.ts gives them their form). Pure.
import type { CheckReport, Finding } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView, UnreachableNode } from '../../cluster/view.js';
import { findingText } from '../../ui/views/check-table.js';
import type { KeyCounts } from '../../ui/views/cluster-lines.js';

/** The fields that every document has of a node. */
export function nodeFields(node: ClusterNode): object {
  return {
    id: node.id,
    address: node.name,
    host: node.host,
    port: node.port,
    busPort: node.busPort,
    role: node.role,
    master: node.masterId,
    flags: node.flags,
    configEpoch: node.configEpoch,
    slots: node.slots.ranges(),
    slotCount: node.slots.size,
  };
}

/** One object per node, in node order. Slots are `[[first, last], …]`. */
export function nodeDocuments(view: ClusterView, keys: KeyCounts): object[] {
  return view.nodes.map((node) => {
    const count = keys.get(node.id);
    return {
      ...nodeFields(node),
      ...(node.role === 'master' ? { keys: typeof count === 'number' ? count : null, replicas: view.replicasOf(node.id).length } : {}),
      ...(node.migrating.size > 0 ? { migrating: Object.fromEntries(node.migrating) } : {}),
      ...(node.importing.size > 0 ? { importing: Object.fromEntries(node.importing) } : {}),
    };
  });
}

/** Nodes that could not be asked, as the others know them. */
export function absentDocuments(nodes: readonly UnreachableNode[]): object[] {
  return nodes.map(({ id, name, role, masterId, flags, slots, reason }) => ({ id, name, role, master: masterId, flags, slots: slots.ranges(), slotCount: slots.size, reason }));
}

/** A finding with a sentence for a person. */
export function findingDocument(finding: Finding): object {
  return { ...finding, text: findingText(finding) };
}

/** The verdict of a check. */
export function reportDocument(report: CheckReport): object {
  return {
    ok: report.ok,
    agreement: report.agreement,
    openSlots: report.openSlots,
    uncoveredSlots: report.uncovered.ranges(),
    findings: report.findings.map(findingDocument),
  };
}

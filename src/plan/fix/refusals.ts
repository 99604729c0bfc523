// Why a cluster, or a part of it, is not repaired: masters that are unreachable or known to some nodes only, keys that only
// replicas hold, problems that no command can repair. Pure. Not here: what is repaired (rules/, plan.ts).
import { counted } from '../../cluster/counted.js';
import { connectedNodes, hasReplied, reachAdvice } from '../../cluster/connected-to.js';
import { agrees, partlyKnown } from '../../cluster/findings.js';
import { SHARED_ID_ADVICE, sharedIdText } from '../../cluster/shared-ids.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView, UnreachableNode } from '../../cluster/view.js';
import { meetOrForget } from '../member.js';
import { promoteAdvice, promotion, replicasWithData, type ReplicaCopies } from '../replica-copy.js';
import type { SlotFacts } from './facts.js';
import { absentOwners } from './facts.js';
import { leftOnReplicas } from './replica-marks.js';
import type { Refusal } from './step.js';

/** How to get the slots of absent masters back with their keys. A replica without a copy does not help. */
function rescue(view: ClusterView, absent: readonly string[], copies: ReplicaCopies): string {
  for (const id of absent) {
    const [best] = replicasWithData(view, id, copies);
    if (best !== undefined) return `wait until its replica ${best.name} takes over, or bring it back, or ${promoteAdvice(view, id, copies) ?? ''}`;
  }
  const empty = absent.flatMap((id) => view.replicasOf(id).map(({ name }) => name));
  return empty.length === 0 ? 'bring it back' : `start it again: ${empty.join(', ')} ${empty.length === 1 ? 'is its replica, but has' : 'are its replicas, but have'} no copy of its data`;
}

/** How to continue with a live but unreachable master: reach it, wait until it counts as failed, or let its replica take over. */
function livingAdvice(view: ClusterView, node: UnreachableNode, copies: ReplicaCopies): string {
  const [best] = replicasWithData(view, node.id, copies);
  const wait = `${reachAdvice(node)}; if it has just died or hung, wait until cluster-node-timeout has passed`;
  return best === undefined ? `${wait} and the others flag it fail, then run fix again` : `${wait} and its replica ${best.name} takes over; to let the replica take over now: redis-trib failover ${best.name}`;
}

/**
 * Masters that own slots and are alive, although this process cannot load them: a loaded node is connected to the master and
 * does not suspect it, or the master replies with an error (LOADING). The slots of such a master are never given away, because
 * a master that learns of a new owner deletes its keys (cluster-node.md 3.4.2). `copies`: data of the masters' replicas, for
 * advice.
 */
export function livingMasters(view: ClusterView, copies: ReplicaCopies): Refusal[] {
  const connected = connectedNodes(view);
  return absentOwners(view).flatMap(({ node, slots }): Refusal[] => {
    const witnesses = connected.get(node.id);
    if (witnesses === undefined && hasReplied(node)) {
      const replies = `Master ${node.name} (${node.id.slice(0, 8)}) owns ${slots.toBracketText()} and is alive: it replies with an error (${node.reason.replace(/\.$/, '')}). Its slots are not given away, because its keys would be lost`;
      return [{ code: 'MASTER_ALIVE', message: replies, hint: reachAdvice(node) }];
    }
    if (witnesses === undefined) return [];
    const who = witnesses.slice(0, 3).map(({ name }) => name).join(', ') + (witnesses.length > 3 ? ` and ${witnesses.length - 3} more` : '');
    const message = `Master ${node.name} (${node.id.slice(0, 8)}) owns ${slots.toBracketText()} and is alive: ${who} ${witnesses.length === 1 ? 'is' : 'are'} connected to it and ${witnesses.length === 1 ? 'does' : 'do'} not list it as failed. Only redis-trib cannot reach it (${node.reason.replace(/\.$/, '')}). Its slots are not given away, because its keys would be lost`;
    return [{ code: 'MASTER_ALIVE', message, hint: livingAdvice(view, node, copies) }];
  });
}

/**
 * Unreachable masters that own slots, except those that are alive (livingMasters). Nothing is repaired unless their data is
 * given up. `copies`: data of their replicas, for advice.
 */
export function unreachableMasters(view: ClusterView, copies: ReplicaCopies): Refusal[] {
  const connected = connectedNodes(view);
  const absent = absentOwners(view).filter(({ node }) => !connected.has(node.id) && !hasReplied(node));
  if (absent.length === 0) return [];
  const list = absent.map(({ node, slots }) => `${node.name} (${node.id.slice(0, 8)}: ${node.reason}) owns ${slots.toBracketText()}`).join('; ');
  const split = absent.some(({ node, slots }) => view.nodes.some(({ lines }) => lines.some((line) => line.id === node.id && slots.difference(line.slots).size > 0)));
  const doubt = split ? ' Not all nodes agree that it owned them: if its replica has been promoted already, its keys are there.' : '';
  const wait = rescue(view, absent.map(({ node }) => node.id), copies);
  return [
    {
      code: 'UNREACHABLE_MASTERS',
      message: `*** Fixing slots with ${absent.length} unreachable masters is dangerous: their slots would be given to reachable nodes, and their keys lost. ${list}.${doubt}`,
      hint: `${wait}; to give its data up: --fix-with-unreachable-masters`,
    },
  ];
}

/** Servers with one node id: a command for one could reach the other, so nothing is repaired. */
export function sharedIds(view: ClusterView): Refusal[] {
  return view.sharedIds.map((one) => ({ code: 'SAME_ID', message: sharedIdText(one), hint: SHARED_ID_ADVICE }));
}

/**
 * A master that some nodes do not know: on those its slots have no owner, and commands that name it are refused. fix does not
 * decide whether it belongs to the cluster.
 */
export function partlyKnownMasters(view: ClusterView): Refusal[] {
  return partlyKnown(view).flatMap((finding): Refusal[] => {
    const { node, reachable, role, unknownTo } = finding;
    if (!reachable || role !== 'master') return [];
    const who = unknownTo.slice(0, 3).map(({ name }) => name).join(', ');
    return [{ code: 'PARTLY_KNOWN', message: `Master ${node.name} (${node.id.slice(0, 8)}) is not known to ${who}${unknownTo.length > 3 ? ' …' : ''}: nothing is repaired while some nodes do not know each other`, hint: meetOrForget(view, finding) }];
  });
}

/** Slots of which only replicas hold keys, by replica. */
function onlyOnReplicas(facts: readonly SlotFacts[]): Map<ClusterNode, SlotFacts[]> {
  const found = new Map<ClusterNode, SlotFacts[]>();
  for (const one of facts) for (const { node } of one.copies) found.set(node, [...(found.get(node) ?? []), one]);
  return found;
}

/**
 * A replica whose master loses its last slot follows the new owner and replaces its data (cluster-node.md 6.2). So no uncovered
 * slot is assigned while a replica holds the only copy of its keys.
 */
export function keptByReplicas(view: ClusterView, facts: readonly SlotFacts[]): Refusal[] {
  return [...onlyOnReplicas(facts)].map(([replica, slots]): Refusal => {
    const keys = slots.reduce((sum, { copies }) => sum + (copies.find(({ node }) => node.id === replica.id)?.keys ?? 0), 0);
    const list = new SlotSet(slots.map(({ slot }) => slot));
    return {
      code: 'ONLY_ON_REPLICA',
      message: `Replica ${replica.name} holds the only ${counted(keys, 'key')} of ${counted(list.size, 'slot')} that no master owns (${list.shortText()}): covering them with another master would delete these keys, so no uncovered slot is covered`,
      hint: `make it a master: ${promotion(view, replica)}; to delete its keys: redis-trib reset ${replica.name} --flush`,
    };
  });
}

/** Problems that no command can repair. */
export function beyondRepair(view: ClusterView, decided: number, replicating: ReadonlySet<string>): Refusal[] {
  const open = leftOnReplicas(view).filter(({ master }) => master === undefined || !replicating.has(master.id)).map(({ node, master, migrating, importing }): Refusal => ({
    code: 'OPEN_ON_REPLICA',
    message: `Replica ${node.name} has slots ${migrating.union(importing).shortText()} open, and replicas refuse SETSLOT`,
    hint: master === undefined ? `promote it, then run fix again: ${promotion(view, node)}` : `make it the master temporarily: redis-trib failover ${node.name}, then fix, then redis-trib failover ${master.name}`,
  }));
  if (decided > 0 || agrees(view.nodes.map((node) => node.lines))) return open;
  return [...open, { code: 'DISAGREEMENT', message: 'Only replicas list different owners of the slots; gossip will update them', hint: 'wait a few seconds and check again; if it persists, check the cluster bus ports (port + 10000)' }];
}

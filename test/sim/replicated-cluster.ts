// A simulated cluster of masters and replicas whose members know each other from the start, and checks of it: whether it has
// converged, which slots are claimed twice, which epochs are shared.
import { SLOTS } from '../../src/server/cluster/wire/constants.js';
import type { ClusterSettings } from '../../src/server/cluster/state/cluster-config.js';
import { NodeFlag } from '../../src/server/cluster/state/flags.js';
import type { Member } from './simulator.js';
import { Simulator } from './simulator.js';

const UNCLEAN = NodeFlag.pfail | NodeFlag.fail | NodeFlag.handshake | NodeFlag.noaddr;

export interface ClusterShape {
  readonly masters: number;
  /** Replicas of each master. */
  readonly replicas: number;
  readonly settings?: Partial<ClusterSettings>;
}

/**
 * Starts every member with a nodes.conf that names all of them; members 0..masters-1 are masters, replica r of master m
 * follows after.
 */
export function startCluster(shape: ClusterShape, seed: number): Simulator {
  const count = shape.masters * (1 + shape.replicas);
  const sim = new Simulator(count, seed, { nodeTimeout: 1000, ...shape.settings });
  const ids = sim.members.map((member) => member.id);
  const masterOf = (index: number): number => (index < shape.masters ? index : (index - shape.masters) % shape.masters);
  const lines = sim.members.map((member, index) => {
    const master = masterOf(index);
    const first = Math.round((master * SLOTS) / shape.masters);
    const last = Math.round(((master + 1) * SLOTS) / shape.masters) - 1;
    const role = index === master ? `master - 0 0 ${master + 1} connected ${first}-${last}` : `slave ${ids[master] ?? ''} 0 0 0 connected`;
    return { start: `${ids[index] ?? ''} ${member.ip}:7000@17000 `, role };
  });
  for (const [index, member] of sim.members.entries()) {
    const text = lines.map(({ start, role }, i) => `${start}${i === index ? 'myself,' : ''}${role}\n`).join('');
    member.disk.latest = `${text}vars currentEpoch ${shape.masters} lastVoteEpoch 0\n`;
    member.disk.synced = member.disk.latest;
    sim.restart(member, false);
  }
  return sim;
}

/** The member with an id. */
export function memberOf(sim: Simulator, id: string): Member | undefined {
  return sim.members.find((member) => member.id === id);
}

/** Whether two members list the same owner of each slot. */
export function sameOwners(a: Member, b: Member): boolean {
  for (let slot = 0; slot < SLOTS; slot++) if (a.state.slots.owner(slot)?.id !== b.state.slots.owner(slot)?.id) return false;
  return true;
}

/** No node is failing, all agree on the owners, and each replica follows a node that is a master in its own view. */
export function converged(sim: Simulator): boolean {
  const alive = sim.members.filter((member) => member.alive);
  const first = alive[0];
  if (first === undefined) return false;
  for (const member of alive) {
    const { state } = member;
    if (!state.ok || state.nodes.length !== sim.members.length || state.nodes.some((node) => node.has(UNCLEAN))) return false;
    const { master } = state.myself;
    if (state.myself.isReplica && (master === null || memberOf(sim, master.id)?.state.myself.isMaster !== true)) return false;
    if (state.myself.isReplica && member.replication.source !== master?.ip) return false;
  }
  return alive.every((member) => member === first || sameOwners(member, first));
}

/** Slots that two masters claim for themselves with one epoch, or with different ones; described, '' for none. */
export function doubleClaims(sim: Simulator): string {
  const claimants = sim.members.filter((member) => member.alive && member.state.myself.isMaster && member.state.myself.slots.count > 0);
  for (let slot = 0; slot < SLOTS; slot++) {
    const own = claimants.filter((member) => member.state.slots.owner(slot) === member.state.myself);
    if (own.length > 1) return `slot ${slot} is claimed by ${own.map((m) => `${m.ip} with epoch ${m.state.myself.configEpoch}`).join(' and ')}`;
  }
  return '';
}

/** Masters with equal config epochs, described; '' for none. */
export function sharedEpochs(sim: Simulator): string {
  const seen = new Map<number, Member>();
  for (const member of sim.members) {
    const { myself } = member.state;
    if (!member.alive || !myself.isMaster || myself.slots.count === 0) continue;
    const other = seen.get(myself.configEpoch);
    if (other !== undefined) return `${other.ip} and ${member.ip} both have epoch ${myself.configEpoch}`;
    seen.set(myself.configEpoch, member);
  }
  return '';
}

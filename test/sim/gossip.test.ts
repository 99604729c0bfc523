// Fifty nodes in virtual time: joining by gossip, partitions with lost messages, crashes, slot claims.
import { describe, expect, it } from 'vitest';
import { startHandshake } from '../../src/server/cluster/rules/handshake.js';
import { GOSSIP_BYTES } from '../../src/server/cluster/wire/codec-gossip.js';
import { HEADER_BYTES } from '../../src/server/cluster/wire/codec-header.js';
import { SLOTS } from '../../src/server/cluster/wire/constants.js';
import { NodeFlag } from '../../src/server/cluster/state/flags.js';
import { sameOwners } from './replicated-cluster.js';
import type { Member } from './simulator.js';
import { Simulator } from './simulator.js';

const UNCLEAN = NodeFlag.pfail | NodeFlag.fail | NodeFlag.handshake | NodeFlag.noaddr;

function seed(): number {
  return Number(process.env['SIM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}

/** Each node meets the one before it, nothing more; slots are shared evenly. */
function formChain(sim: Simulator): void {
  const share = SLOTS / sim.members.length;
  sim.members.forEach((member, i) => {
    const before = sim.members[i - 1];
    member.administer((context) => {
      for (let slot = Math.round(i * share); slot < Math.round((i + 1) * share); slot++) context.state.slots.assign(slot, member.state.myself);
      context.needUpdate();
      if (before) startHandshake(context, { ip: before.ip, port: 7000, pport: 0, cport: 17000 }, true);
    });
  });
}

function converged(members: readonly Member[], count = members.length): boolean {
  const clean = members.every((m) => m.state.ok && m.state.nodes.length === count && m.state.nodes.every((n) => !n.has(UNCLEAN)));
  if (!clean) return false;
  const epochs = new Set(members.map((m) => m.state.myself.configEpoch));
  return epochs.size === members.length && members.every((m) => sameOwners(m, members[0]!));
}

function checkInvariants(sim: Simulator): void {
  for (const { state } of sim.members.filter((_, i) => i % 8 === 0)) {
    for (const node of state.nodes) {
      let owned = 0;
      for (let slot = 0; slot < SLOTS; slot++) {
        const owner = state.slots.owner(slot) === node;
        if (owner !== node.slots.has(slot)) throw new Error(`seed ${sim.seed}: owner[${slot}] and the bitmap of ${node.id} differ`);
        if (owner) owned++;
      }
      expect(owned).toBe(node.slots.count);
      expect(state.byId.get(node.id)).toBe(node);
    }
    expect(state.currentEpoch).toBeGreaterThanOrEqual(state.myself.configEpoch);
    expect(state.myself.has(UNCLEAN | NodeFlag.meet)).toBe(false);
  }
}

describe('fifty nodes', () => {
  it('join by gossip from one chain of MEETs, survive a partition with 10 % loss, and agree again', () => {
    // The packets of a virtual second grow with the square of the nodes: fifty take a quarter of the time of a hundred.
    const sim = new Simulator(50, seed(), { nodeTimeout: 5000 });
    formChain(sim);
    const joined = sim.runUntil(() => converged(sim.members), 60_000, 'joining');

    sim.members.forEach((member, i) => (member.group = i < 15 ? 1 : 0));
    sim.conditions.loss = 0.1;
    const minority = sim.members.slice(0, 15);
    const majority = sim.members.slice(15);
    // FAIL is sent once; a node that lost that message needs reports of 26 nodes within 10 s, so a few stay at PFAIL for long.
    // With 10 % loss, 31.5 of 35 nodes receive it on average, with a standard deviation of 1.8, so half of them always do.
    const seen = (lost: Member, flags: number): number => majority.filter((m) => m.state.lookup(lost.state.myself.id)?.has(flags)).length;
    const missed = (lost: Member): boolean => seen(lost, NodeFlag.pfail | NodeFlag.fail) === majority.length && seen(lost, NodeFlag.fail) > majority.length / 2;
    sim.runUntil(
      () => sim.members.every((m) => !m.state.ok) && minority.every(missed),
      40_000,
      'the majority agreeing on FAIL',
    );
    expect(minority.every((m) => majority.every((other) => !m.state.lookup(other.state.myself.id)?.has(NodeFlag.fail)))).toBe(true);

    for (const member of sim.members) member.group = null;
    const healed = sim.runUntil(() => sim.members.every((m) => m.state.nodes.every((n) => !n.has(NodeFlag.fail))), 60_000, 'forgiving after the partition');
    sim.conditions.loss = 0;
    sim.runUntil(() => converged(sim.members), 20_000, 'convergence after healing');
    checkInvariants(sim);
    expect(joined + healed).toBeLessThan(100_000);
    if (process.env['SIM_VERBOSE']) process.stderr.write(`joined ${joined} healed ${healed} packets ${sim.packets}\n`);
  });
});

describe('a few nodes', () => {
  it('agree when every packet is encoded and decoded', () => {
    const sim = new Simulator(7, seed(), { nodeTimeout: 2000 });
    sim.conditions.encoded = 1;
    formChain(sim);
    sim.runUntil(() => converged(sim.members), 30_000, 'joining');
    checkInvariants(sim);
  });

  it('detect a crashed master, and a replica with a greater epoch takes its slots', () => {
    const sim = new Simulator(5, seed(), { nodeTimeout: 2000 });
    formChain(sim);
    sim.runUntil(() => converged(sim.members), 30_000, 'joining');
    const [first, dead] = [sim.members[0]!, sim.members[2]!];
    const deadId = dead.state.myself.id;
    sim.crash(dead);
    const others = sim.members.filter((m) => m !== dead);
    const took = sim.runUntil(() => others.every((m) => m.state.lookup(deadId)?.has(NodeFlag.fail) && !m.state.ok), 10_000, 'FAIL');
    expect(took).toBeGreaterThan(1500);
    first.administer((context) => {
      const { state } = context;
      state.myself.configEpoch = ++state.currentEpoch;
      for (let slot = 0; slot < SLOTS; slot++) {
        if (state.slots.owner(slot)?.id !== deadId) continue;
        state.slots.unassign(slot);
        state.slots.assign(slot, state.myself);
      }
      context.needUpdate();
    });
    sim.runUntil(() => others.every((m) => m.state.ok && m.state.slots.owner(SLOTS / 2)?.id === first.state.myself.id), 10_000, 'takeover');
    checkInvariants(sim);
  });

  it('send at most as many bytes a second as redis-server by its formula', () => {
    const [count, nodeTimeout, seconds] = [40, 4000, 60];
    const sim = new Simulator(count, seed(), { nodeTimeout });
    formChain(sim);
    sim.runUntil(() => converged(sim.members), 60_000, 'joining');
    sim.run(2 * nodeTimeout);
    const [packets, bytes] = [sim.packets, sim.bytes];
    sim.run(seconds * 1000);
    const rate = (sim.packets - packets) / seconds / count;
    const size = (sim.bytes - bytes) / (sim.packets - packets);
    // cluster-node.md 1.6, 1.8: one random node a second, and each node that has not answered for half the timeout; a PONG for
    // each PING.
    const most = 2 * (1 + (count - 1) / (nodeTimeout / 2000));
    expect(rate).toBeLessThanOrEqual(most);
    expect(rate).toBeGreaterThan(0.4 * most); // PONG times in gossip save pings (3.5).
    // The header, a tenth of the nodes (at least three), and extensions of less than 200 bytes.
    const gossip = HEADER_BYTES + Math.max(3, Math.floor(count / 10)) * GOSSIP_BYTES;
    expect(size).toBeGreaterThanOrEqual(gossip);
    expect(size).toBeLessThan(gossip + 200);
    if (process.env['SIM_VERBOSE']) process.stderr.write(`${(rate * size).toFixed(0)} bytes/s a node, formula ${(most * gossip).toFixed(0)}\n`);
  });

  it('repeat a run exactly from its seed', () => {
    const run = (): string => {
      const sim = new Simulator(6, 12345, { nodeTimeout: 1000 });
      sim.conditions.loss = 0.2;
      formChain(sim);
      sim.run(20_000);
      return `${sim.packets} ${sim.members.map((m) => `${m.saves}/${m.state.currentEpoch}`).join()}`;
    };
    expect(run()).toBe(run());
  });
});

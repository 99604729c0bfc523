// One failover in a large simulated cluster, half masters, half replicas. SIM_NODES=1000 is the long mode.
import { expect, it } from 'vitest';
import { NodeFlag } from '../../src/server/cluster/state/flags.js';
import { startCluster } from './replicated-cluster.js';

const NODES = Number(process.env['SIM_NODES'] ?? 40);
const SEED = Number(process.env['SIM_SEED'] ?? Math.floor(Math.random() * 2 ** 30));

it(`a cluster of ${NODES} nodes agrees on the new master soon after a master was killed`, { timeout: Math.max(1_800_000, NODES * 7200) }, () => {
  const masters = Math.floor(NODES / 2);
  const sim = startCluster({ masters, replicas: 1, settings: { nodeTimeout: 5000 } }, SEED);
  const [victim, heir] = [sim.members[0]!, sim.members[masters]!];
  sim.runUntil(() => sim.members.every(({ state }) => state.ok), 20_000, 'starting');
  const others = sim.members.filter((member) => member !== victim);
  sim.crash(victim);
  const before = sim.packets;
  const promoted = sim.runUntil(() => heir.state.myself.isMaster, 30_000, 'promotion');
  const agreed = sim.runUntil(() => others.every(({ state }) => state.ok && state.slots.owner(0)?.id === heir.id), 30_000, 'agreement');
  expect(others.every(({ state }) => state.lookup(victim.id)?.has(NodeFlag.fail))).toBe(true);
  // The master is suspected within 1.5 timeouts; a majority of reports, an election and its PONGs follow.
  expect(promoted + agreed).toBeLessThan(3 * 5000);
  if (process.env['SIM_VERBOSE']) process.stderr.write(`promoted after ${promoted} ms, agreed ${agreed} ms later, ${sim.packets - before} packets\n`);
});

// Masters are killed in turn under load, in a cluster of bundled and real nodes with two replicas per master, and in a cluster
// of real nodes: no write that a replica had is lost, no epoch has two masters, and elections take equally long. Then manual
// failovers from bundled to real nodes and back. FAILOVER_ROUNDS=20 is the long mode; only then the election times are
// compared.
import { expect, it } from 'vitest';
import { Hammer } from '../../support/load.js';
import { describeWithRedis, waitFor } from '../../support/redis-server.js';
import { SafeWrites } from '../../support/safe-writes.js';
import type { Kind, MixedMember } from './mixed-cluster.js';
import { MixedCluster } from './mixed-cluster.js';

const ROUNDS = Number(process.env['FAILOVER_ROUNDS'] ?? 2);
const LONG = ROUNDS >= 10;
const KEYS = Array.from({ length: 300 }, (_, i) => `counter:${i}`);
const [B, R]: [Kind, Kind] = ['bundled', 'real'];
const MIXED = { masters: [B, R, B], replicas: [[R, B, R], [B, R, B]] };
const REAL = { masters: [R, R, R], replicas: [[R, R, R], [R, R, R]] };
const LIMIT_MS = 120_000 + ROUNDS * 40_000;
/**
 * Milliseconds from one election of a node to its next: masters vote about the same master at most every 2 × 2 s, and
 * redis-server 7.0 begins an election 8 s after the former one; before that it counts the former votes (cluster-node.md 4.3,
 * 4.4).
 */
const BETWEEN_ELECTIONS = 9000;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Which node won which epoch, according to the logs. */
function winners(members: readonly MixedMember[], into: Map<number, Set<string>>): void {
  for (const { id, node } of members) {
    for (const [, epoch] of node.log().matchAll(/configEpoch set to (\d+) after successful failover/g)) {
      into.set(Number(epoch), (into.get(Number(epoch)) ?? new Set()).add(id));
    }
  }
}

/** Config epochs of the masters with slots, in the view of one node. */
async function epochsOf(member: MixedMember): Promise<string[]> {
  const lines = (await member.ask('CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
  return lines.filter((words) => words[2]?.includes('master') === true && words.length > 8).map((words) => words[6] ?? '');
}

class Rounds {
  readonly times: number[] = [];
  readonly won = new Map<number, Set<string>>();
  constructor(readonly cluster: MixedCluster) {}

  /** Kills the master of the shard that member `index` belongs to; the ms until all others serve again. */
  async kill(index: number): Promise<void> {
    const { members } = this.cluster;
    const roles = await Promise.all(members.map((one) => one.role()));
    const own = roles[index];
    const victim = own === 'master' ? members[index] : members.find(({ id }) => id === own);
    if (victim === undefined) throw new Error(`no master of member ${index}`);
    const replicas = members.filter((_, i) => roles[i] === victim.id);
    const others = members.filter((one) => one !== victim);
    winners([victim], this.won);
    const began = Date.now();
    await victim.kill();
    await waitFor(async () => (await Promise.all(replicas.map((one) => one.role()))).includes('master'), `a replica of ${victim.node.address} to be elected`, 20_000);
    this.times.push(Date.now() - began);
    await this.cluster.settled(others);
    await victim.restart();
    await waitFor(async () => (await victim.role()) !== 'master', `${victim.node.address} to come back as a replica`, 20_000);
    await this.rejoined();
  }

  /** All replicas have their masters' data, and all nodes see three masters with two replicas each. */
  private async rejoined(): Promise<void> {
    const { members } = this.cluster;
    await this.cluster.settled();
    for (const member of members) {
      await waitFor(async () => {
        if ((await member.role()) !== 'master' && !(await member.ask('INFO', 'replication')).includes('master_link_status:up')) return false;
        const lines = (await member.ask('CLUSTER', 'NODES')).trimEnd().split('\n');
        return lines.every((line) => !/fail|handshake/.test(line.split(' ')[2] ?? '')) && lines.filter((line) => line.includes('slave')).length === 6;
      }, `${member.kind} ${member.node.address} to see all well`, 30_000);
      const epochs = await epochsOf(member);
      expect(new Set(epochs).size, `epochs of masters as ${member.node.address} sees them: ${epochs.join(' ')}`).toBe(3);
    }
  }
}

describeWithRedis(`${ROUNDS} rounds of failovers`, () => {
  it('lose no write that a replica had, elect one master per epoch, as fast as real nodes', { timeout: LIMIT_MS }, async () => {
    await using mixed = await MixedCluster.start(MIXED);
    await using real = LONG ? await MixedCluster.start(REAL) : null;
    const rounds = new Rounds(mixed);
    const beside = real === null ? null : new Rounds(real);
    const writes = await SafeWrites.start(mixed.seeds, KEYS);
    await waitFor(() => writes.count > 200, 'writes', 60_000);
    for (let round = 0; round < ROUNDS; round++) {
      const before = writes.count;
      await rounds.kill(round % 3);
      await beside?.kill(round % 3);
      await waitFor(() => writes.count > before + 50, 'writes after the failover', 60_000);
    }
    winners(mixed.members, rounds.won);
    expect([...rounds.won].filter(([, who]) => who.size > 1)).toEqual([]);
    expect(await writes.finish()).toEqual([]);
    const [a, b] = [median(rounds.times), median(beside?.times ?? [])];
    if (process.env['SIM_VERBOSE']) process.stderr.write(`elected after ${a} ms (median of ${ROUNDS}), all-real ${b} ms, ${writes.count} writes with WAIT 1: ${rounds.times.join(' ')} / ${beside?.times.join(' ') ?? ''}\n`);
    if (beside !== null) expect(a).toBeLessThanOrEqual(1.2 * b);
  });

  it.each([
    ['bundled and real', [B, R, B], [[R, B, R]]],
    ['real and bundled', [R, B, R], [[B, R, B]]],
  ] satisfies [string, Kind[], Kind[][]][])('swapped by hand lose no write: %s', { timeout: LIMIT_MS }, async (_name, masters, replicas) => {
    await using cluster = await MixedCluster.start({ masters, replicas });
    const hammer = await Hammer.start(cluster, KEYS);
    await waitFor(() => hammer.writes > 1000, 'writes');
    let [from, to] = [cluster.member(0), cluster.member(3)];
    let [lastOfFrom, lastOfTo] = [-Infinity, -Infinity];
    for (let round = 0; round < Math.ceil(ROUNDS / 2); round++) {
      await cluster.synced(to);
      await cluster.seesReplica(to, from);
      await waitFor(() => performance.now() - lastOfTo > BETWEEN_ELECTIONS, 'another election to be possible');
      expect(await to.ask('CLUSTER', 'FAILOVER')).toBe('OK');
      await cluster.becomes(to, 'master');
      await cluster.becomes(from, to.id);
      const { writes } = hammer;
      await waitFor(() => hammer.writes > writes + 200, 'writes after the failover');
      [from, to] = [to, from];
      [lastOfFrom, lastOfTo] = [performance.now(), lastOfFrom];
    }
    expect(await hammer.finish()).toEqual([]);
    await cluster.settled();
  });
});

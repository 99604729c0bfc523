// fix on clusters of newer servers with a replica for each master, and of mixed versions as in a rolling upgrade: no command
// of fix ends a server, and every key is once where it belongs. The many kinds of broken slots are
// in fix-open-slots.test.ts, fix-copies.test.ts and fix-uncovered.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from '../support/broken-cluster.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisClusterOptions, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { serverBuild, type ServerName } from '../support/server-builds.js';

const ABC = { a: 'value a', b: 'value b', c: 'value c' };
const DE = { d: 'value d', e: 'value e' };

interface Kind {
  readonly name: string;
  readonly servers: readonly ServerName[];
  readonly options: RedisClusterOptions;
}

/** The servers of the nodes in turn. */
function mixed(...servers: readonly ServerName[]): Kind {
  return { name: servers.join(' and '), servers, options: { build: (index) => serverBuild(servers[index % servers.length] ?? 'redis-7.0') } };
}

const KINDS: readonly Kind[] = [
  ...(['redis-8.0', 'valkey-8.1', 'valkey-9.1'] as const).map((name) => ({ ...mixed(name), options: { build: serverBuild(name), replicas: 1 } })),
  mixed('redis-7.0', 'redis-8.0'),
  mixed('redis-7.0', 'valkey-8.1'),
  mixed('valkey-8.1', 'valkey-9.1'),
];

for (const { name, servers, options } of KINDS) {
  describeWithServers(servers, `fix on ${name}`, () => {
    let nodes: RedisNodes;
    let c: BrokenCluster;
    let dir: string;
    let next = 10;
    const slotOf = (): number => (next += 2);
    const fix = (...flags: string[]): Promise<ProgramRun> => runHere(['fix', c.seed, ...flags], { cwd: dir });

    beforeAll(async () => {
      nodes = await startRedisCluster(3, options);
      c = await BrokenCluster.open(nodes.nodes.slice(0, 3), (node) => Connection.connect(node));
      dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
    });
    afterAll(async () => {
      c.close();
      await nodes.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    async function fixed(...flags: string[]): Promise<ProgramRun> {
      const run = await fix(...flags);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      for (const node of nodes.nodes) expect(node.process.exitCode, node.log().slice(-2000)).toBeNull();
      return run;
    }

    async function healed(slot: number, owner: number, values: Readonly<Record<string, string>>): Promise<void> {
      expect(await c.claimants(slot)).toEqual([owner]);
      expect(await c.holders(slot)).toEqual(Object.fromEntries(Object.keys(values).map((key) => [key, [owner]])));
      for (const [key, value] of Object.entries(values)) expect(await c.value(owner, slot, key)).toBe(value);
      expect(await runHere(['check', c.seed, '--search-multiple-owners'])).toMatchObject({ code: 0 });
    }

    const uncover = async (slot: number): Promise<void> => void (await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'DELSLOTS', slot))));

    it('covers slots with the nodes that hold their keys, and crashes no server', async () => {
      const [one, several] = [slotOf(), slotOf()];
      await c.put(0, one, ABC);
      await c.put(0, several, DE);
      await c.put(1, several, ABC, 0);
      for (const slot of [one, several]) await uncover(slot);
      await fixed('--yes');
      await c.serving();
      await healed(one, 0, ABC);
      await healed(several, 1, { ...ABC, ...DE });
    });

    it('covers thousands of slots within seconds, whether or not other masters still list their last owner', async () => {
      const slots = Array.from({ length: 2000 }, (_, index) => 3000 + index);
      for (const masters of [[0, 1, 2], [0]]) {
        for (const index of masters) await c.send(index, 'CLUSTER', 'DELSLOTS', ...slots);
        const started = performance.now();
        await fixed('--yes');
        expect(performance.now() - started).toBeLessThan(15_000);
        await c.serving();
      }
    }, 60_000);

    it('gathers stray keys and completes a move without crashing a server', async () => {
      const [stray, moving] = [slotOf() + 6000, slotOf()]; // keys of the first node, the older one, go to the second
      await c.put(0, stray, DE, 1);
      await c.put(0, moving, ABC);
      await c.setSlot(1, moving, 'IMPORTING', 0);
      await c.setSlot(0, moving, 'MIGRATING', 1);
      await c.put(1, moving, DE);
      await fixed();
      await healed(stray, 1, DE);
      await healed(moving, 1, { ...ABC, ...DE });
    });

    if (servers.length > 1) {
      it('keeps keys that an older owner refuses where they are, names them, exits with 1, and leaves no slot open', async () => {
        const slot = slotOf();
        await c.put(1, slot, DE, 0);
        const run = await fix();
        expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Slot ${slot} was not repaired: `) as string });
        expect(await c.holders(slot)).toEqual({ d: [1], e: [1] });
        expect((await runHere(['check', c.seed])).code).toBe(0);
        await c.send(1, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', c.id(0));
        for (const key of Object.keys(DE)) await c.link(1).pipeline([['ASKING'], ['DEL', c.key(slot, key)]]);
        await c.send(1, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
      });
    }

    const replicaOf = async (index: number): Promise<RedisNode | undefined> => {
      const text = String(await c.send(index, 'CLUSTER', 'NODES'));
      const port = new RegExp(`127\\.0\\.0\\.1:(\\d+)@\\d+\\S* slave ${c.id(index)} `).exec(text)?.[1];
      return nodes.nodes.find((node) => node.port === Number(port));
    };

    if (options.replicas === 1) {
      it('does not treat the open slots of replicas as those of their masters', async () => {
        const slot = slotOf();
        await c.put(0, slot, ABC);
        await c.setSlot(1, slot, 'IMPORTING', 0);
        await c.setSlot(0, slot, 'MIGRATING', 1);
        const replica = await replicaOf(0);
        const check = JSON.parse((await runHere(['check', c.seed, '--json'])).stdout) as { findings: { kind: string; node: { host: string; port: number } }[] };
        expect(check.findings.filter(({ kind }) => kind === 'open-slots').map(({ node: { host, port } }) => `${host}:${port}`).sort()).toEqual([c.name(0), c.name(1)].sort());
        await fixed();
        await healed(slot, 1, ABC);
        const link = await replica?.connect();
        await waitFor(async () => !String(await link?.command(['CLUSTER', 'NODES'])).includes('->-'), 'the replica to have nothing open');
        link?.close();
      });
    }

    if (serverBuild(servers[0] ?? 'redis-7.0').valkey && options.replicas === 1) {
      it('does not refuse because of a slot that is open on a replica only, and closes it through the master', async () => {
        const slot = slotOf();
        const replica = await replicaOf(0);
        if (replica === undefined) return expect.fail('no replica');
        const link = await replica.connect();
        const open = async (): Promise<boolean> => String(await link.command(['CLUSTER', 'NODES'])).includes(`[${slot}->-`);
        replica.process.kill('SIGSTOP');
        await expect(c.send(0, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', c.id(1), 'TIMEOUT', 100)).rejects.toThrow('NOREPLICAS');
        replica.process.kill('SIGCONT');
        await waitFor(open, 'the replica to have the slot open');
        const check = await runHere(['check', c.seed]);
        expect(check).toMatchObject({ code: 0, stderr: expect.stringContaining(`Replica ${replica.address} has 1 migrating slot that its master does not have open (fix closes them): ${slot}`) as string });
        expect((await runHere(['reshard', c.seed, '--from', c.id(0), '--to', c.id(1), '--slots', '1', '--yes'])).code).toBe(0);
        expect(await open()).toBe(true);
        const run = await fixed();
        expect(run.stdout).toContain(`close them on replica ${replica.address}`);
        await waitFor(async () => !(await open()), 'the slot to be closed');
        link.close();
      });
    }

    // An importing Valkey makes itself the owner when the node it imports from gives the slot to another.
    if (serverBuild(servers[2 % servers.length] ?? 'redis-7.0').valkey) {
      it('does not give the slot to a node whose different copy stays when the move is completed', async () => {
        const slot = slotOf();
        await c.put(0, slot, ABC);
        for (const importer of [1, 2]) await c.setSlot(importer, slot, 'IMPORTING', 0);
        await c.setSlot(0, slot, 'MIGRATING', 1);
        await c.put(1, slot, DE);
        await c.put(2, slot, { d: 'another d' });
        const run = await fix();
        expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('both stay') as string });
        expect(String(await c.send(2, 'CLUSTER', 'NODES'))).not.toContain(`[${slot}-<-`);
        // Each node receives a packet from each other node at least once in half its node timeout.
        for (const end = Date.now() + 3000; Date.now() < end; ) {
          expect(await c.claimants(slot)).toEqual([1]);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        await fixed('--on-conflict', 'newest-slot-owner');
        await healed(slot, 1, { ...ABC, ...DE });
      });
    }

    it('gives a slot to one of two claimants without crashing a server', async () => {
      for (let attempt = 0; attempt < 24; attempt++) {
        const slot = slotOf();
        await c.put(0, slot, DE);
        await c.put(1, slot, ABC, 0);
        await c.link(1).pipeline([['CLUSTER', 'DELSLOTS', slot], ['CLUSTER', 'ADDSLOTS', slot]]);
        const run = await fixed('--choose-owner');
        // Within a second gossip settles who owns the slot, and the server deletes the keys of the loser.
        // Only where fix has still seen the keys of both, and they were there when it began.
        if (!run.stdout.includes(`move the keys on ${c.name(0)} there`) || run.stderr.includes('that fix counted')) continue;
        return healed(slot, 1, { ...ABC, ...DE });
      }
      expect.fail('gossip was faster than fix 24 times');
    });
  });
}

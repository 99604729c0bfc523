// Questions held open while the cluster changes: every command that deletes data or removes a node checks the cluster again
// after the answer, and refuses when the state that justified its plan is gone.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { planForget, planReplicate, planReset } from '../../src/plan/role-change.js';
import { openTerminal, runCli, type Terminal } from '../support/cli.js';
import { membersIn } from '../support/known-nodes.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

/** In slots 3300 and 11694. */
const KEYS = ['{a}k', '{b}k'] as const;
/** Slot of `{b}k`, which node 0 owns. */
const SLOT = 3300;

const ask = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
  if (node === undefined) throw new Error('no such node');
  await using connection = await node.connect();
  return await connection.command(words);
};

describeWithRedis('a node that gets slots while a question is open', () => {
  let cluster: RedisNodes;
  let spare: RedisNodes;
  let terminal: Terminal | undefined;
  const a = (): RedisNode => cluster.nodes[0]!;
  const x = (): RedisNode => spare.nodes[0]!;
  const idOf = async (node: RedisNode): Promise<string> => String(await ask(node, 'CLUSTER', 'MYID'));

  beforeAll(async () => {
    [cluster, spare] = await Promise.all([startRedisCluster(3), startClusterNodes(3)]);
    await ask(a(), 'SET', KEYS[1], 'kept');
  }, 60_000);
  afterAll(() => Promise.all([cluster.stop(), spare.stop()]));
  beforeEach(async () => {
    if (membersIn(await ask(x(), 'CLUSTER', 'NODES')) === 1) expect(await runCli(['add-node', x().address, a().address])).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    terminal?.kill();
    terminal = undefined;
    // The key is where it was moved to, and is moved back.
    expect(await ask(x(), 'GET', KEYS[1])).toBe('kept');
    expect(await runCli(['reshard', a().address, '--from', await idOf(x()), '--to', await idOf(a()), '--slots', '10', '--yes', '--keep-replicas'])).toMatchObject({ code: 0 });
    const check = await runCli(['check', a().address]);
    expect(check, check.stdout + check.stderr).toMatchObject({ code: 0 });
  });

  /** Slots 3295 to 3304 of node 0, with the key. */
  const reshard = async (): Promise<void> => {
    const run = await runCli(['reshard', a().address, '--from', await idOf(a()), '--to', await idOf(x()), '--slots', `${SLOT - 5}-${SLOT + 4}`, '--yes']);
    expect(run, run.stderr).toMatchObject({ code: 0 });
  };
  const refuses = async (words: readonly string[], question: string, meanwhile: () => Promise<void>, reason: RegExp, further?: string): Promise<void> => {
    terminal = openTerminal(words);
    await terminal.waitFor(question);
    await meanwhile();
    terminal.type('yes\r');
    if (further !== undefined) {
      await terminal.waitFor(further);
      terminal.type('yes\r');
    }
    expect(await terminal.exit).toBe(1);
    expect(terminal.screen().replace(/\s+/g, ' ')).toMatch(reason);
  };

  it('is not emptied by replicate --flush', async () => {
    await refuses(['replicate', x().address, '--master', cluster.nodes[1]!.address, '--flush'], 'a replica of', reshard, /has changed since the plan was made: .* owns 10 slots/);
  });

  it('is not emptied by reset --flush', async () => {
    await refuses(['reset', x().address, '--flush'], 'Reset', reshard, /has changed since the plan was made: .* owns 10 slots/);
  });

  it('is not emptied by reset --flush --force, when the question was about other slots', async () => {
    await refuses(['reset', x().address, '--flush', '--force'], 'Reset', reshard, /has changed since the plan was made: .* has got 10 slots/);
  });

  it('is not removed by del-node', async () => {
    await refuses(['del-node', a().address, x().address], 'Remove', reshard, /has changed since the plan was made: .*is not empty/);
  });

  it('is not forgotten by forget', async () => {
    await refuses(['forget', a().address, x().address], 'forget', reshard, /has changed since the plan was made: .*is not empty/);
  });

  it('is not emptied, reset or forgotten by a plan of the library that was made before', async () => {
    await using open = await openCluster(a().address);
    const { view } = open;
    const node = view.find(x().address);
    const master = view.find(cluster.nodes[1]!.address);
    const plans = [
      { steps: [{ kind: 'flush', node: node.id } as const, ...planReplicate(view, node, master).steps] },
      planReset(view, node, 1, { mode: 'hard', flush: true, force: false }),
      planForget(view, [{ ...node, absence: undefined }]),
    ];
    await reshard();
    const opened = await Promise.all(plans.map(async (plan) => {
      const stale = await openCluster(a().address);
      Object.defineProperty(stale, 'view', { value: view });
      return { plan, stale };
    }));
    for (const { plan, stale } of opened) {
      await expect(stale.apply(plan, { giveUpKeys: true })).rejects.toMatchObject({ code: 'PLAN_STALE', message: expect.stringContaining('has got 10 slots') as string });
      stale.close();
    }
  });

  const join = async (): Promise<void> => {
    expect(await runCli(['add-node', x().address, a().address])).toMatchObject({ code: 0 });
    await reshard();
  };

  it.each([['with', ['--reset', '--flush']], ['without', []]] as const)('is not taken out of the cluster by create %s --reset, which found it empty and alone', async (_, flags) => {
    await runCli(['del-node', a().address, x().address, '--yes']);
    await refuses(['create', x().address, spare.nodes[1]!.address, '--allow-few-masters', ...flags], 'Can I set the above configuration?', join, /is not empty/);
    expect(membersIn(await ask(spare.nodes[1], 'CLUSTER', 'NODES'))).toBe(1);
  });

  it('is not taken out of the cluster by create --reset, which had only others to empty', async () => {
    await runCli(['del-node', a().address, x().address, '--yes']);
    await ask(spare.nodes[1], 'CLUSTER', 'ADDSLOTS', '1');
    await refuses(['create', x().address, spare.nodes[1]!.address, '--allow-few-masters', '--reset', '--flush'], 'type \'yes\'', join, /belongs to a running cluster/, 'Can I set the above configuration?');
    expect(String(await ask(spare.nodes[1], 'CLUSTER', 'NODES'))).toContain('connected 1');
  });
});

describeWithRedis('a master that comes back while a question is open', () => {
  let cluster: RedisNodes;
  let terminal: Terminal | undefined;
  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '2000', '--repl-timeout', '3'] });
    await ask(cluster.nodes[3], 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
  }, 60_000);
  afterEach(() => terminal?.kill());
  afterAll(() => cluster.stop());

  it('does not lose its new writes to failover --force, which saw it down', async () => {
    const [master, replica, other] = [cluster.nodes[0]!, cluster.nodes[3]!, cluster.nodes[1]!];
    const id = String(await ask(master, 'CLUSTER', 'MYID'));
    master.process.kill('SIGSTOP');
    await waitFor(async () => new RegExp(`${id} \\S+ master,fail `).test(String(await ask(other, 'CLUSTER', 'NODES'))), 'the master to be flagged fail');
    terminal = openTerminal(['failover', replica.address, '--force', '--command-timeout', '2']);
    await terminal.waitFor('Promote');
    // From here on the replica receives no writes of its master.
    await ask(replica, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await ask(replica, 'CONFIG', 'SET', 'masteruser', 'nobody');
    master.process.kill('SIGCONT');
    await ask(master, 'CLIENT', 'KILL', 'TYPE', 'replica');
    await waitFor(async () => (await ask(master, 'SET', KEYS[1], 'late').catch(() => undefined)) === 'OK', 'the master to serve');
    terminal.type('yes\r');
    expect(await terminal.exit, terminal.screen()).toBe(1);
    expect(terminal.screen().replace(/\s+/g, ' ')).toMatch(/which can be reached/);
    expect(await ask(master, 'GET', KEYS[1])).toBe('late');
  }, 60_000);
});

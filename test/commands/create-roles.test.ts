// create with replicas: the user chooses the master of each by --replica-of; it ends when all nodes list them.
import { documentOf } from '../support/json-shape.js';
import { expect, it } from 'vitest';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { describeWithRedis, startClusterNodes } from '../support/redis-server.js';
import { runCli } from '../support/cli.js';

describeWithRedis('create --replica-of', () => {
  it('makes the named nodes replicas of the named masters, and all others masters', async () => {
    await using nodes = await startClusterNodes(5);
    const [a, b, c, d, e] = nodes.nodes.map(({ address }) => address) as [string, string, string, string, string];
    const run = await runCli(['create', a, b, c, d, e, '--replica-of', `${b}=${d},${a}=${d}`, '--yes', '--json']);
    expect(run, run.stderr).toMatchObject({ code: 0 });
    const { nodes: made } = documentOf<{ nodes: { id: string; host: string; port: number; master: string | null }[] }>(run.stdout);
    const masterOf = (name: string): string | undefined => made.filter(({ id }) => id === made.find(({ port }) => name.endsWith(`:${port}`))?.master).map(({ host, port }) => `${host}:${port}`)[0];
    expect([a, b, c, d, e].map(masterOf)).toEqual([d, d, undefined, undefined, undefined]);
    expect((await runCli(['check', c])).stdout).toContain('[OK] All 16384 slots covered.');
  });

  it('ends when every node lists every replica with its master', async () => {
    await using nodes = await startClusterNodes(6, ['--cluster-node-timeout', '15000']);
    for (let round = 0; round < 3; round++) {
      const run = await runCli(['create', ...nodes.nodes.map(({ address }) => address), '--cluster-replicas', '1', '--yes', ...(round > 0 ? ['--reset', '--flush'] : [])]);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      const listed = await Promise.all(
        nodes.nodes.map(async (node) => {
          await using link = await node.connect();
          return parseNodesText(String(await link.command(['CLUSTER', 'NODES']))).flatMap(({ role, port, masterId }) => (role === 'replica' ? [`${port} of ${masterId}`] : [])).sort();
        }),
      );
      expect(listed[0]).toHaveLength(3);
      expect(listed).toEqual(nodes.nodes.map(() => listed[0]));
    }
  }, 60_000);

  it('refuses impossible roles before anything is changed', async () => {
    await using nodes = await startClusterNodes(4);
    const [a, b, c, d] = nodes.nodes.map(({ address }) => address) as [string, string, string, string];
    const refused = async (...words: string[]): Promise<string> => {
      const { code, stderr } = await runCli(['create', a, b, c, d, '--yes', ...words]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused('--replica-of', `${d}=127.0.0.1:1`)).toContain('127.0.0.1:1 is not one of the nodes');
    expect(await refused('--replica-of', d)).toContain('--replica-of takes REPLICA=MASTER');
    expect(await refused('--replica-of', `${d}=${a},${d}=${b}`)).toContain('twice');
    expect(await refused('--replica-of', `${d}=${d}`)).toContain('cannot be a replica of itself');
    expect(await refused('--replica-of', `${d}=${a}`, '--replicas', '1')).toContain('exclude each other');
    const dry = await runCli(['create', a, b, c, d, '--replica-of', `${d}=${b}`, '--dry-run']);
    expect(dry, dry.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`Adding replica ${d} to ${b}`) as string });
  });
});

// Clusters with unusual addresses: IPv6, host names, NAT with forwarded ports, announced addresses that cannot be reached.
// Real nodes; the gateway is a few TCP forwarders of the test.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, freePort, waitFor } from '../support/redis-server.js';
import { ask, startNode, startNodes, type PlacedNode } from './nodes.js';

const KEYS = 300;

/** What listens on one address and forwards to another; counts who came. */
interface Gate {
  readonly host: string;
  readonly port: number;
  readonly visitors: () => number;
  close(): void;
}

function openGate(host: string, port: number, to: { host: string; port: number }): Promise<Gate> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((inside) => {
    count++;
    const outside = connect(to);
    for (const [one, other] of [[inside, outside], [outside, inside]] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy()).pipe(other);
    }
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve) => server.listen(port, host, () => resolve({ host, port, visitors: () => count, close })));
}

describeWithRedis('a cluster is reached', () => {
  let open: { stop?(): Promise<void>; close?(): void }[] = [];
  afterEach(async () => {
    for (const one of open) one.close?.();
    await Promise.all(open.map(async (one) => one.stop?.()));
    open = [];
  });

  const keep = <T extends { stop?(): Promise<void>; close?(): void }>(...things: T[]): T[] => {
    open.push(...things);
    return things;
  };
  const good = async (...words: string[]): Promise<CliResult> => {
    const result = await runCli(words);
    expect(result, `${words.join(' ')}\n${result.stdout}\n${result.stderr}`).toMatchObject({ code: 0 });
    return result;
  };
  const fill = async (seed: { host: string; port: number }): Promise<void> => {
    await using client = await ClusterClient.connect([seed]);
    await Promise.all(Array.from({ length: KEYS }, (_, index) => client.command(['SET', `key:${index}`, 'v'])));
  };
  const keys = async (seed: string, ...words: string[]): Promise<number> => (JSON.parse((await good('info', seed, '--json', ...words)).stdout) as { keys: number }).keys;
  /** create, check, reshard with keys, import, backup: the life of a cluster in short. `address`: how a person calls a node. */
  const live = async (nodes: readonly PlacedNode[], address: (node: PlacedNode) => string, source: PlacedNode): Promise<void> => {
    const [seed = ''] = nodes.map(address);
    const second = String(await ask(nodes[1]!, ['CLUSTER', 'MYID']));
    await good('create', ...nodes.map(address), '--yes', '--wait');
    await fill(nodes[0]!);
    expect((await good('check', seed)).stdout).toContain('[OK] All 16384 slots covered.');
    await good('reshard', seed, '--from', seed, '--to', second, '--slots', '1000', '--yes');
    await ask(source, ['SET', 'imported', 'v']);
    expect(JSON.parse((await good('import', seed, '--from', address(source), '--json')).stdout)).toMatchObject({ imported: 1, relayed: 0 });
    expect(await keys(seed)).toBe(KEYS + 1);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'));
    await good('backup', seed, dir);
    expect(readdirSync(dir)).toHaveLength(4);
    rmSync(dir, { recursive: true });
    await good('consistency-test', seed, '--duration', '0.5', '--working-set', '5', '--prefix', 'ct:');
  };

  it('by IPv6 addresses with brackets, without, and as two words', async () => {
    const nodes = keep(...(await startNodes(3, { bind: '::1' })));
    const [source] = keep(await startNode({ bind: '::1', alone: true }));
    await live(nodes, (node) => node.address, source!);
    const { port } = nodes[0]!;
    for (const words of [[`::1:${port}`], ['::1', String(port)], [`[::1]:${port}`]]) await good('check', ...words);
    expect((await good('nodes', `[::1]:${port}`)).stdout).toContain(`::1`);
    expect((await runCli(['check', '[::1]:1'])).stderr).toContain('Could not connect to Redis at [::1]:1: Connection refused');
  });

  it('by host names, typed and announced', async () => {
    const nodes = keep(...(await startNodes(3, { args: ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'] })));
    const [source] = keep(await startNode({ alone: true }));
    await live(nodes, (node) => `localhost:${node.port}`, source!);
    const { nodes: told } = JSON.parse((await good('check', `localhost:${nodes[1]!.port}`, '--json')).stdout) as { nodes: { address: string }[] };
    expect(told).toHaveLength(3);
    expect((await runCli(['check', 'no-such-host.invalid:7000'])).stderr).toMatch(/Could not connect to Redis at no-such-host\.invalid:7000: (Name or service not known|Temporary failure)/);
  });

  it('through NAT: nodes announce addresses and ports of a gateway, and reach each other through it', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const nodes = keep(...(await startNodes(3, (index) => ({ args: ['--cluster-announce-ip', '127.0.0.2', '--cluster-announce-port', String(ports[index]), '--cluster-announce-bus-port', String((ports[index] ?? 0) + 10_000)] }))));
    const gates = await Promise.all(nodes.flatMap((node, index) => [0, 10_000].map((bus) => openGate('127.0.0.2', (ports[index] ?? 0) + bus, { host: node.host, port: node.port + bus }))));
    keep(...gates);
    const [source] = keep(await startNode({ alone: true }));
    await live(nodes, (node) => node.address, source!);
    expect((await good('check', nodes[0]!.address)).stdout).toContain(`127.0.0.2:${ports[1]}`);
    await good('check', `127.0.0.2:${ports[2]}`);

    // The map bypasses the gateway: only the nodes connect to its client ports.
    const clientGates = gates.filter((_, index) => index % 2 === 0);
    const before = clientGates.map((gate) => gate.visitors());
    const map = nodes.map((node, index) => `127.0.0.2:${ports[index]}=${node.address}`).join(',');
    await good('check', nodes[0]!.address, '--address-map', map);
    expect(await keys(nodes[1]!.address, '--address-map', map)).toBeGreaterThanOrEqual(KEYS);
    expect(clientGates.map((gate) => gate.visitors())).toEqual(before);
    await good('reshard', nodes[0]!.address, '--from', nodes[1]!.address, '--to', nodes[0]!.address, '--slots', '200', '--yes', '--address-map', map);
    await good('consistency-test', nodes[0]!.address, '--duration', '0.5', '--prefix', 'ct:', '--working-set', '5', '--address-map', map);
  });

  it('only in part when announced addresses are out of reach, and the option that helps is named', async () => {
    const nodes = keep(...(await startNodes(3)));
    const [seed = '', , third = ''] = nodes.map(({ address }) => address);
    await good('create', ...nodes.map(({ address }) => address), '--yes', '--wait');
    const closed = await freePort();
    await ask(nodes[2]!, ['CONFIG', 'SET', 'cluster-announce-port', closed]);
    for (const node of nodes.slice(0, 2)) await waitFor(async () => String(await ask(node, ['CLUSTER', 'NODES'])).match(new RegExp(`:${closed}@.* connected `)) !== null, 'the announced port to be known');
    const lost = await runCli(['check', seed]);
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining(`127.0.0.1:${closed} cannot be reached from here, though ${seed} is connected`) as string });
    expect(lost.stderr).toContain(`--address-map 127.0.0.1:${closed}=HOST:PORT`);
    await good('check', seed, '--address-map', `127.0.0.1:${closed}=${third}`);
    expect((await runCli(['check', seed], { env: { REDIS_TRIB_ADDRESS_MAP: `*:${closed}=${third}` } })).code).toBe(0);
    expect((await runCli(['check', seed, '--address-map', 'nonsense'])).code).toBe(2);
  });

  it('by the announced host name when the announced address is out of reach', async () => {
    const nodes = keep(...(await startNodes(3, { args: ['--cluster-announce-ip', '127.0.0.6', '--cluster-announce-hostname', 'localhost'] })));
    keep(...(await Promise.all(nodes.map((node) => openGate('127.0.0.6', node.port + 10_000, { host: node.host, port: node.port + 10_000 })))));
    await good('create', ...nodes.map(({ address }) => address), '--yes', '--wait');
    await good('check', nodes[0]!.address);
  });
});

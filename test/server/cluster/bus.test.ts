// The bus on real sockets and files: unknown peers, invalid packets, locks, damaged files, two bundled nodes together.
import net from 'node:net';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { forget, reset } from '../../../src/server/cluster/admin/nodes.js';
import { setSlot } from '../../../src/server/cluster/admin/slots.js';
import { describeLinks } from '../../../src/server/cluster/views/describe-replies.js';
import { ConfigFile } from '../../../src/server/cluster/bus/config-file.js';
import { waitFor } from '../../support/redis-server.js';
import { BusNode } from './bus-node.js';

describe('cluster bus', () => {
  const nodes: BusNode[] = [];

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
  });

  async function start(settings = {}): Promise<BusNode> {
    const node = await BusNode.start(settings);
    nodes.push(node);
    return node;
  }

  /** Sends bytes and resolves when the node closes the connection. */
  function throwAt(node: BusNode, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(node.port + 10_000, '127.0.0.1', () => socket.write(bytes));
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      socket.setTimeout(10_000, () => reject(new Error('the connection was left open')));
      socket.resume();
    });
  }

  it('closes connections that send no bus packets or invalid lengths, and continues to serve the others', async () => {
    const [a, b] = [await start(), await start()];
    a.addSlots(0, 16_383);
    a.meet(b.port);
    await waitFor(() => b.view(a.port)?.slots.count === 16_384 && b.bus.state.ok, 'two nodes to know each other');
    const lying = Buffer.alloc(64);
    lying.write('RCmb');
    lying.writeUInt32BE(0xffff_ffff, 4);
    lying.writeUInt16BE(4, 12);
    await throwAt(a, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await throwAt(a, lying);
    const garbage = Buffer.alloc(2256, 7);
    garbage.write('RCmb');
    garbage.writeUInt32BE(2256, 4);
    const before = a.bus.state.received.reduce((sum, n) => sum + n, 0);
    const socket = net.connect(a.port + 10_000, '127.0.0.1', () => socket.write(garbage));
    await waitFor(() => a.log.some((line) => line.includes('Ignored a bus packet')), 'garbage to be ignored');
    socket.destroy();
    await waitFor(() => a.bus.state.received.reduce((sum, n) => sum + n, 0) > before + 2, 'the nodes to go on talking');
    expect(a.bus.state.nodes).toHaveLength(2);
    expect(describeLinks(a.bus.state)).toHaveLength(2);
  });

  it('writes nodes.conf at once when it starts, and refuses a folder that is in use', async () => {
    const node = await start();
    const text = readFileSync(join(node.dir, 'nodes.conf'), 'latin1');
    expect(text).toMatch(new RegExp(`^${node.id} :\\d+@\\d+ myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0 shardId \\w{40}\n$`));
    await expect(node.open()).rejects.toMatchObject({ code: 'CONFIG_IN_USE', message: expect.stringContaining('is already used by a different Redis Cluster node') });
    await node.bus.close();
    expect(existsSync(join(node.dir, 'nodes.conf.lock'))).toBe(false);
  });

  it('takes over a stale lock: its pid does not exist, belongs to another process, or is unreadable', async () => {
    const node = await start();
    await node.bus.close();
    for (const mark of ['99999999 12345\n', `${process.pid} 1\n`, 'nonsense', '']) {
      writeFileSync(join(node.dir, 'nodes.conf.lock'), mark);
      await node.open();
      await node.bus.close();
    }
    writeFileSync(join(node.dir, 'nodes.conf.lock'), '1 \n');
    expect(() => ConfigFile.open(join(node.dir, 'nodes.conf'))).toThrow(/already used/);
    rmSync(join(node.dir, 'nodes.conf.lock'));
    await node.open();
  });

  it('refuses a damaged file and a taken port, and leaves nothing open', async () => {
    const [a, b] = [await start(), await start()];
    await b.bus.close();
    const file = join(b.dir, 'nodes.conf');
    const good = readFileSync(file, 'latin1');
    writeFileSync(file, good.slice(0, 50));
    await expect(b.open()).rejects.toMatchObject({ code: 'CONFIG_CORRUPT', message: 'Unrecoverable error: corrupted cluster config file.' });
    writeFileSync(file, good);
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(b.port + 10_000, '127.0.0.1', resolve));
    await expect(b.open()).rejects.toMatchObject({ message: `Failed listening on port ${b.port + 10_000} (cluster), aborting.` });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    await b.open();
    expect(a.id).not.toBe(b.id);
  });

  it('reports that nodes.conf cannot be written, and sends nothing that depends on it', async () => {
    const node = await start();
    mkdirSync(join(node.dir, `nodes.conf.tmp-${process.pid}`)); // a folder in the place of the temporary file
    node.addSlots(1, 2);
    await waitFor(() => node.log.some((line) => line.startsWith('fatal: ')), 'the failure to be told');
    expect(() => node.bus.saveConfig()).toThrow();
    rmSync(join(node.dir, `nodes.conf.tmp-${process.pid}`), { recursive: true });
  });

  it('moves a slot between two bundled nodes, forgets one, resets', async () => {
    const [a, b] = [await start({ nodeTimeout: 1000 }), await start({ nodeTimeout: 1000 })];
    a.addSlots(0, 16_383);
    a.meet(b.port);
    await waitFor(() => a.view(b.port) !== undefined && b.view(a.port)?.slots.count === 16_384 && a.bus.state.ok, 'two nodes to know each other');
    expect(b.bus.administer((context) => setSlot(context, 9, { kind: 'importing', id: a.id }))).toBeNull();
    expect(a.bus.administer((context) => setSlot(context, 9, { kind: 'migrating', id: b.id }))).toBeNull();
    a.keys.set(9, 1);
    expect(a.bus.administer((context) => setSlot(context, 9, { kind: 'node', id: b.id }))).toMatch(/still hold keys/);
    a.keys.clear();
    b.bus.administer((context) => setSlot(context, 9, { kind: 'node', id: b.id }));
    await waitFor(() => a.bus.state.slots.owner(9)?.id === b.id, 'the slot to arrive');
    expect(a.bus.administer((context) => setSlot(context, 9, { kind: 'node', id: b.id }))).toBeNull();
    expect(a.bus.state.slots.migrating.size).toBe(0);
    expect(readFileSync(join(a.dir, 'nodes.conf'), 'latin1')).toContain('9');

    a.bus.administer((context) => forget(context, b.id));
    expect(a.bus.state.nodes).toHaveLength(1);
    expect(a.bus.administer((context) => forget(context, b.id))).toBeNull();
    await waitFor(() => b.bus.state.lookup(a.id) !== undefined && b.bus.state.blacklist.size === 0, 'b to go on');
    const old = b.id;
    expect(b.bus.administer((context) => reset(context, true))).toBeNull();
    expect(b.id).not.toBe(old);
    expect([b.bus.state.nodes.length, b.bus.state.slots.assigned, b.bus.state.currentEpoch]).toEqual([1, 0, 0]);
  });

  it('closes a link whose send buffer exceeds the limit', async () => {
    const [a, b] = [await start({ linkSendbufLimit: 1024 * 1024 }), await start()];
    a.meet(b.port);
    await waitFor(() => a.view(b.port)?.link?.localIp === '127.0.0.1', 'a link');
    for (let i = 0; i < 8; i++) a.bus.publish('big', 'x'.repeat(8 * 1024 * 1024), false);
    await waitFor(() => a.bus.state.linksOverLimit > 0 || b.published.length === 8, 'the limit or the messages');
    await waitFor(() => a.view(b.port)?.link !== null, 'a new link');
  });
});

// COMMAND against a real redis-server 7.0: every command of the bundled node has the same description, in both protocols.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import type { Node } from '../../../src/server/node.js';
import { missingCommands } from '../../../src/server/commands/missing-commands.js';
import { startNode } from '../../../src/server/node.js';
import { describeWithRedis, startRedis } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';

describeWithRedis('COMMAND parity with redis-server', () => {
  let real: RedisNode;
  let node: Node;
  let connections: [ours: Connection, theirs: Connection];
  beforeAll(async () => {
    real = await startRedis(['--enable-debug-command', 'yes']);
    node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', 'enable-debug-command': 'yes' }) });
    const at = (port: number): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port, protocol: 3 });
    connections = [await at(node.port), await at(real.port)];
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await node.close();
    await real.stop();
  });

  const names = (): string[] => node.commands.all.map(({ fullName }) => fullName).sort();
  /** Leaves out the notes in Redis's table that do not describe a command, and sorts sets, which have no order. */
  const show = (value: unknown): string =>
    JSON.stringify(value, (_key, item: unknown) => {
      if (item instanceof Map) return [...item].filter(([key]) => key !== 'notes');
      return item instanceof Set ? { set: [...item].map(show).sort() } : item;
    });

  it('describes commands in the same way', async () => {
    const [ours, theirs] = await Promise.all(connections.map((connection) => connection.command(['COMMAND', 'INFO', ...names()])));
    const parts = ['name', 'arity', 'flags', 'first', 'last', 'step', 'categories', 'tips', 'keys'];
    const seen = (reply: unknown): unknown[] =>
      (reply as (unknown[] | null)[]).flatMap((one, i) => one && parts.map((part, at) => `${names()[i]!} ${part} ${show(one[at])}`));
    expect(seen(ours)).toEqual(seen(theirs));
  });

  it('finds the same keys', async () => {
    for (const request of ['GET a', 'MSET a 1 b 2', 'SORT a BY w_* STORE d', 'ZUNIONSTORE d 2 a b', 'LMOVE a b LEFT RIGHT', 'OBJECT ENCODING a', 'PING x', 'GET', 'NOSUCH a', 'ZUNION 9 a']) {
      for (const form of ['GETKEYS', 'GETKEYSANDFLAGS']) {
        const ask = (connection: Connection): Promise<string> => connection.command(['COMMAND', form, ...request.split(' ')]).then(show, (error: Error) => error.message);
        expect([request, form, await ask(connections[0])]).toEqual([request, form, await ask(connections[1])]);
      }
    }
  });

  it('refuses every command that it lacks by name, and does not list it', async () => {
    const listed = (await connections[1].command(['COMMAND', 'LIST'])) as string[];
    const own = new Set((await connections[0].command(['COMMAND', 'LIST'])) as string[]);
    const debug = ((await connections[1].command(['DEBUG', 'HELP'])) as string[]).filter((line) => /^[A-Z]/.test(line)).slice(1).map((line) => `debug|${line.split(' ')[0]!.toLowerCase()}`);
    const mine = ((await connections[0].command(['DEBUG', 'HELP'])) as string[]).map((line) => `debug|${line.split(' ')[0]!.toLowerCase()}`);
    const lacking = new Set(missingCommands);
    const wanted = [...listed.filter((name) => !own.has(name) && !lacking.has(name.split('|')[0]!)), ...debug.filter((name) => !mine.includes(name))];
    expect(wanted.filter((name) => !lacking.has(name))).toEqual([]);
    expect([...lacking].filter((name) => !listed.includes(name) && !debug.includes(name))).toEqual([]);
    expect([...lacking].filter((name) => own.has(name) || mine.includes(name))).toEqual([]);
    for (const name of lacking) {
      const said = await connections[0].command([...name.split('|'), 'some', 'words']).catch((error: unknown) => (error as Error).message);
      expect(said).toBe(`ERR ${name.replace('|', ' ').toUpperCase()} is not supported by the bundled node yet`);
    }
    expect(await connections[0].command(['COMMAND', 'INFO', 'eval', 'acl|whoami'])).toEqual([null, null]);
  });

  it('uses the text of Redis for unknown commands and subcommands', async () => {
    for (const words of [['NOSUCH', 'a b', 'c'], ['EVALX'], ['CONFIG', 'NOSUCH'], ['DEBUG', 'NOSUCH'], ['CLUSTER', 'acl'], ['']]) {
      const said = connections.map((connection) => connection.command(words).catch((error: unknown) => (error as Error).message));
      expect([words, await said[0]]).toEqual([words, await said[1]]);
    }
  });
});

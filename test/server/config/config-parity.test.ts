// The table of parameters against a real redis-server 7.0: the same names and fresh values, the same answers to CONFIG SET.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../../src/client/connection.js';
import { ErrorReply } from '../../../src/resp/server-reply.js';
import { Config } from '../../../src/server/config/config.js';
import { describeWithRedis, startRedis } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';

/** What the test's own start of the server, or the machine, decides. */
const OWN = new Set(['port', 'bind', 'dir', 'save', 'appendonly', 'daemonize']);

/** Values to try on every parameter that is not about the process or the network. */
const TRIES = ['', 'x', 'yes', 'no', '0', '1', '-1', '5', '1k', '50%', '99999999999999999999', '-9223372036854775808', 'KEA', '1 2 3', '3600 1'];

/** Set on the real server these would change where it listens or writes, ask the machine for something, or need its TLS. */
const UNTRIED = /^(port|bind|bind-source-addr|tls-|oom-score-adj|maxclients|logfile|activedefrag|appendonly|requirepass|masterauth|proc-title|disable-thp)/;

describeWithRedis('configuration parity with redis-server', () => {
  let node: RedisNode;
  let real: Connection;
  beforeAll(async () => {
    node = await startRedis();
    real = await node.connect();
  });
  afterAll(async () => {
    real.close();
    await node.stop();
  });

  const asked = async (...words: string[]): Promise<string> => {
    try {
      return String(await real.command(words));
    } catch (error) {
      return (error as Error).message;
    }
  };
  const ours = (config: Config, name: string, value: string): string => {
    try {
      config.set([[name, value]]);
      return 'OK';
    } catch (error) {
      if (error instanceof ErrorReply) return error.text;
      throw error;
    }
  };

  it('has the same parameters with the same default values', async () => {
    const flat = (await real.command(['CONFIG', 'GET', '*'])) as string[];
    const theirs = new Map<string, string>();
    for (let i = 0; i < flat.length; i += 2) theirs.set(String(flat[i]), String(flat[i + 1]));
    const shown = new Map(new Config().show('*'));
    expect([...shown.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, value] of theirs) if (!OWN.has(name)) expect([name, shown.get(name)]).toEqual([name, value]);
  });

  it('replies the same to CONFIG SET of every parameter, and shows the same value afterwards', async () => {
    const config = new Config();
    const [got, expected]: [string[], string[]] = [[], []];
    for (const [name] of config.show('*')) {
      if (UNTRIED.test(name)) continue;
      for (const value of TRIES) {
        // 7.0 takes this one for a negative number and so for 1 %.
        if (name === 'maxmemory-clients' && value.startsWith('9999')) continue;
        const mine = ours(config, name, value);
        const line = `${name} "${value}": `;
        expected.push(line + (await asked('CONFIG', 'SET', name, value)));
        got.push(line + mine);
        if (mine !== 'OK') continue;
        expected.push(line + String(((await real.command(['CONFIG', 'GET', name])) as string[])[1]));
        got.push(line + config.text(name));
      }
    }
    expect(got).toEqual(expected);
  });
});

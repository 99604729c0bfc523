import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNodeEntries, type NodeEntries } from '../../src/cli/config/node-entries.js';
import { nodeCredentials } from '../../src/cli/config/own-credentials.js';

function parse(value: unknown): NodeEntries {
  return parseNodeEntries(value, (why) => {
    throw new Error(why);
  });
}

describe('"nodes" of the config file', () => {
  it('accepts addresses and hosts, with IPv6', () => {
    const entries = parse({ '10.0.0.1:7000': { user: 'u', password: 'p' }, 'Host.Example': { passwordFile: 'f' }, '[::1]:7001': {}, '::2': { password: '' } });
    expect([...entries.values()].map(({ host, port, user }) => [host, port, user])).toEqual([
      ['10.0.0.1', 7000, 'u'],
      ['host.example', undefined, undefined],
      ['::1', 7001, undefined],
      ['::2', undefined, undefined],
    ]);
  });

  it.each([
    [['x'], '"nodes" is not an object'],
    [{ 'a:7000': 'SECRET' }, '"a:7000" of "nodes" is not an object of user, password, passwordFile'],
    [{ 'a:99999': {} }, '"a:99999" of "nodes" is neither HOST:PORT nor a host'],
    [{ 'a:7000': { pass: 'SECRET' } }, 'unknown setting "pass" in "a:7000" of "nodes"; known are user, password, passwordFile'],
    [{ 'a:7000': { password: 12_345 } }, '"password" in "a:7000" of "nodes" is not a string'],
    [{ 'a:7000': { password: 'SECRET', passwordFile: 'f' } }, 'has both password and passwordFile'],
  ])('refuses %j without printing a password', (value, why) => {
    expect(() => parse(value)).toThrow(why);
    expect(() => parse(value)).not.toThrow(/SECRET|12345/);
  });

  it('logs a user without a password in with an empty one', async () => {
    expect(await nodeCredentials(parse({ 'a:7000': { user: 'u' } }), '.')?.([{ host: 'a', port: 7000 }])).toMatchObject({ username: 'u', password: '' });
  });

  it('reads password files and names the node whose file is unreadable', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-entries-'));
    try {
      writeFileSync(join(dir, 'secret'), 'from a file\nanother line\n');
      const of = nodeCredentials(parse({ '10.0.0.1:7000': { user: 'u', passwordFile: 'secret' } }), dir);
      expect(await of?.([{ host: '10.0.0.1', port: 7000 }])).toEqual({ username: 'u', password: 'from a file', origin: '"10.0.0.1:7000" of "nodes" in the config file' });
      expect(nodeCredentials(new Map(), dir)).toBeUndefined();
      expect(() => nodeCredentials(parse({ '10.0.0.1': { passwordFile: 'none' } }), dir)).toThrow('cannot read the password file of node 10.0.0.1 none: ENOENT');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

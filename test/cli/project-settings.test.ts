// Config files and plans of unknown origin: no secret is sent to an address that they name unless the user confirms it.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Allowances } from '../../src/files/allowances.js';
import { openTerminal, runCli, type CliOptions, type CliResult } from '../support/cli.js';

let cwd = '';
let home = '';
let server: Server;
let heard = '';
const sockets = new Set<Socket>();

/** A server that records the commands it receives and replies to each with an error. */
beforeEach(async () => {
  [cwd, home] = [mkdtempSync(join(tmpdir(), 'redis-trib-project-')), mkdtempSync(join(tmpdir(), 'redis-trib-home-'))];
  heard = '';
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      socket.write('-ERR no\r\n'.repeat(2));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  for (const folder of [cwd, home]) rmSync(folder, { recursive: true, force: true });
});

const port = (): number => (server.address() as AddressInfo).port;
const place = (): string => `127.0.0.1:${port()}`;
const project = (settings: object): void => writeFileSync(join(cwd, '.redis-trib.json'), JSON.stringify(settings));
const options = (env: CliOptions['env'] = {}): CliOptions => ({ cwd, env: { HOME: home, ...env } });
const run = (words: string[], env: CliOptions['env'] = {}): Promise<CliResult> => runCli(words, options(env));

describe('.redis-trib.json of the current folder', () => {
  it('sends neither a password of the environment nor the first line of a file to a seed in it', async () => {
    writeFileSync(join(cwd, 'secret'), 'first line\n');
    for (const [settings, env] of [[{ seed: place() }, { REDISCLI_AUTH: 'hush' }], [{ seed: place(), passwordFile: 'secret' }, {}], [{ addressMap: `*=${place()}` }, { REDISCLI_AUTH: 'hush', REDIS_TRIB_SEED: '127.0.0.1:1' }]] as const) {
      project(settings);
      const refused = await run(['check'], env);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--project-settings use') as string });
      expect(refused.stderr).toContain('you have not permitted yet');
    }
    expect(heard).toBe('');
  });

  it('is used or ignored as the command line or the environment says', async () => {
    project({ seed: place() });
    expect((await run(['check', '--project-settings', 'use'], { REDISCLI_AUTH: 'hush' })).code).toBe(3);
    expect(heard).toContain('hush');
    heard = '';
    expect(await run(['check'], { REDISCLI_AUTH: 'hush', REDIS_TRIB_PROJECT_SETTINGS: 'ignore' })).toMatchObject({ code: 2, stderr: expect.stringContaining('is ignored') as string });
    expect(heard).toBe('');
  });

  it('is shown and asked about once, and again when it has changed; passwords are not shown', async () => {
    const settings = { seed: place(), password: 'project-secret', nodes: { '10.0.0.1': { user: 'ops', password: 'other-secret' } } };
    project(settings);
    const no = openTerminal(['check'], options());
    await no.waitFor('Use these settings now');
    expect(no.screen()).toContain(`seed: ${place()}`);
    expect(no.screen()).toContain('node 10.0.0.1: user ops, a password');
    expect(no.screen()).not.toMatch(/project-secret|other-secret/);
    no.type('no\r');
    expect(await no.exit).toBe(4);
    expect(heard).toBe('');
    const yes = openTerminal(['check'], options());
    await yes.waitFor('Use these settings now');
    yes.type('yes\r');
    expect(await yes.exit).toBe(3);
    expect(heard).toContain('project-secret');
    expect(statSync(join(home, '.config/redis-trib/allowed.json')).mode & 0o777).toBe(0o600);
    expect((await run(['check'])).code).toBe(3);
    project({ ...settings, seed: `${place()},127.0.0.1:1` });
    expect((await run(['check'])).code).toBe(2);
  });

  it('needs no permission for harmless settings, nor for commands that do not connect', async () => {
    project({ output: 'json', connectTimeout: 1 });
    expect((await run(['check', place()])).code).toBe(3);
    project({ output: 'json', seed: place() });
    expect(JSON.parse((await run(['local', 'status'])).stdout)).toMatchObject({ error: { code: 'NO_LOCAL_CLUSTER' } });
    expect((await run(['check', '--help'])).code).toBe(0);
  });

  it('does not ask about the settings in the user home', async () => {
    mkdirSync(join(home, '.config/redis-trib'), { recursive: true });
    writeFileSync(join(home, '.config/redis-trib/config.json'), JSON.stringify({ seed: place(), password: 'mine' }));
    expect((await run(['check'])).code).toBe(3);
    expect(heard).toContain('mine');
  });
});

describe('a plan made by another user', () => {
  const plan = (): void => {
    const [a, b] = ['a', 'b'].map((digit) => digit.repeat(40));
    const masters = [a, b].map((id) => ({ id, name: 'x', configEpoch: 1, slots: '' }));
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify({ redisTribPlan: 1, kind: 'reshard', madeAt: '', seed: place(), masters, steps: [{ kind: 'move-slots', source: a, target: b, slots: [[0, 1]] }] }));
  };

  it('gets no password for the node in the plan, but for the node that the user gives', async () => {
    plan();
    for (const env of [{ REDISCLI_AUTH: 'hush' }, { REDIS_TRIB_PASSWORD_FILE: 'plan.json' }]) {
      expect(await run(['apply', 'plan.json', '--yes'], env)).toMatchObject({ code: 2, stderr: expect.stringMatching(/your password or certificate would go there\ntry: give a node of the cluster: redis-trib apply .*plan.json HOST:PORT/) as string });
    }
    expect(heard).toBe('');
    await run(['apply', 'plan.json'], { REDISCLI_AUTH: 'hush', REDIS_TRIB_SEED: '127.0.0.1:1' });
    expect(heard).toBe('');
    await run(['apply', 'plan.json', place()], { REDISCLI_AUTH: 'hush' });
    expect(heard).toContain('hush');
  });

  it('asks about a plan at a terminal; not about one that was written here', async () => {
    plan();
    const terminal = openTerminal(['apply', 'plan.json'], { ...options({ REDISCLI_AUTH: 'hush' }), columns: 400 });
    await terminal.waitFor(`its cluster is at ${place()}`);
    terminal.type('no\r');
    expect(await terminal.exit).toBe(4);
    expect(heard).toBe('');
    await new Allowances({ HOME: home }).add(join(cwd, 'plan.json'), readFileSync(join(cwd, 'plan.json'), 'utf8'));
    expect((await run(['apply', 'plan.json'], { REDISCLI_AUTH: 'hush' })).code).toBe(3);
    expect(heard).toContain('hush');
    writeFileSync(join(cwd, 'plan.json'), readFileSync(join(cwd, 'plan.json'), 'utf8').replace('"x"', '"y"'));
    expect((await run(['apply', 'plan.json'], { REDISCLI_AUTH: 'hush' })).code).toBe(2);
  });

  it('needs no confirmation when no credentials would be sent', async () => {
    plan();
    expect((await run(['apply', 'plan.json'])).code).toBe(3);
    expect(heard).toContain('CLUSTER');
  });
});

describe('allowances', () => {
  it('are stored by path and content in a private file; none are stored without a home directory', async () => {
    const allowances = new Allowances({ HOME: home });
    expect(await allowances.add(join(cwd, 'a'), 'text')).toBe(true);
    expect([allowances.has(join(cwd, 'a'), 'text'), allowances.has(join(cwd, 'a'), 'other'), allowances.has(join(cwd, 'b'), 'text')]).toEqual([true, false, false]);
    const file = join(home, '.config/redis-trib/allowed.json');
    writeFileSync(file, readFileSync(file), { mode: 0o666 });
    rmSync(file);
    writeFileSync(file, 'no JSON');
    expect(allowances.has(join(cwd, 'a'), 'text')).toBe(false);
    expect(await allowances.add(join(cwd, 'a'), 'text')).toBe(true);
    expect(await new Allowances({ HOME: join(home, 'gone') }).add(join(cwd, 'a'), 'text')).toBe(false);
  });
});

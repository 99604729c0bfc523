// The CLI as a process: help, version, wrong usage, and the reasons why a node cannot be reached, each with its message.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { finished, runCli, startCli } from '../support/cli.js';
import { describeWithRedis, freePort, startRedis, type RedisNode } from '../support/redis-server.js';

describe('help and version', () => {
  it.each([[[]], [['help']], [['--help']], [['-h']], [['--cluster', 'help']]])('%j lists every subcommand on stdout', async (args) => {
    const run = await runCli(args);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const { name, summary } of commands) expect(run.stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  });

  it.each(commands.map((entry) => entry.name))('help of %s has usage, options and examples', async (name) => {
    const forms = await Promise.all([runCli(['help', name]), runCli([name, '--help']), runCli([name, '-h', 'words', '--quiet'])]);
    for (const run of forms) {
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toMatch(new RegExp(`^Usage: redis-trib ${name} \\[options\\]`));
      expect(run.stdout).toContain('Examples:\n  redis-trib');
      expect(run.stdout).toContain('--json');
    }
    expect(forms[0].stdout).toBe(forms[1].stdout);
  });

  it.each(['--version', '-V', 'version'])('%s prints the version', async (word) => {
    const run = await runCli([word]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage exits 2 and names the correct usage', () => {
  it.each([
    [['chekc', 'h:1'], 'did you mean: redis-trib check?'],
    [['nonsense'], 'redis-trib help'],
    [['check'], 'Wrong number of arguments'],
    [['check', 'localhost'], 'Invalid address format: localhost'],
    [['check', 'h:99999'], 'Invalid address format: h:99999'],
    [['check', 'h:1', 'h:2'], 'unexpected argument: h:2'],
    [['check', 'h:1', '--slotss', '1'], "unknown option '--slotss'"],
    [['reshard', 'h:1', '--timeout', 'soon'], '--timeout takes a whole number of at least 1, not "soon"'],
    [['check', 'h:1', '-qt5'], 'give short options separately'],
    [['create'], 'Wrong number of arguments'],
    [['create', 'a:1', '--replicas', '-1'], '--replicas takes a whole number of at least 0'],
    [['create', 'a:1', '--replicas'], '--replicas needs a value'],
    [['call', 'h:1'], 'Wrong number of arguments'],
    [['--cluster'], '--cluster must be followed by the name of a command'],
    [['check', 'h:1', '--tls', '--cert', 'x'], '--cert and --key go together'],
    [['check', 'h:1', '--tls', '--cacert', '/nonexistent/ca'], 'cannot read the CA file /nonexistent/ca: ENOENT'],
    [['check', 'h:1', '--password-file', '/nonexistent/pw'], 'cannot read the password file'],
    [['check', 'h:1', '--askpass'], 'there is no terminal for the question'],
    [['check', 'h:1', '-o', 'yaml'], '--output takes one of'],
    [['local', 'upp'], 'unknown action of local: upp'],
  ])('%j', async (args, text) => {
    const run = await runCli(args);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(text);
    expect(run.code).toBe(2);
  });

  it('with --json the error is a document on stdout', async () => {
    const run = await runCli(['check', 'nowhere', '--json']);
    expect(run).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 2, error: { code: 'BAD_ADDRESS', message: 'Invalid address format: nowhere' } });
  });
});

describe('a node that cannot be reached exits 3', () => {
  let silent: Server;
  let silentPort = 0;
  let garbage: Server;
  let garbagePort = 0;

  beforeAll(async () => {
    silent = createServer().listen(0, '127.0.0.1');
    garbage = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => setImmediate(resolve));
    silentPort = (silent.address() as { port: number }).port;
    garbagePort = (garbage.address() as { port: number }).port;
  });
  afterAll(() => {
    silent.close();
    garbage.close();
  });

  it.each(['check', 'info', 'reshard', 'consistency-test', 'create', 'call'])('%s of a port without a listener', async (command) => {
    const port = await freePort();
    const run = await runCli([command, `127.0.0.1:${port}`, ...(command === 'call' ? ['ping'] : []), ...(command === 'create' ? ['127.0.0.1:1', '127.0.0.1:2'] : [])]);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain(`Could not connect to Redis at 127.0.0.1:${port}: Connection refused`);
    expect(run.stderr).toContain('try:');
    expect(run.stderr).not.toContain('    at ');
  });
  it('when the host does not exist', async () => {
    const run = await runCli(['check', 'no-such-host.invalid:7000']);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('no-such-host.invalid:7000');
  });
  it('when a server never replies, within --command-timeout', async () => {
    const run = await runCli(['check', `127.0.0.1:${silentPort}`, '--command-timeout', '0.3']);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('300 ms');
  });
  it('when the server is not Redis', async () => {
    expect(await runCli(['check', `127.0.0.1:${garbagePort}`])).toMatchObject({ code: 3 });
  });
  it('only when all seeds are unreachable, with the error of the first', async () => {
    const port = await freePort();
    const run = await runCli(['check', `127.0.0.1:${port},127.0.0.1:1`, '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 2, error: { code: 'ECONNREFUSED' } });
    expect(run.code).toBe(3);
  });
});

describe('config files', () => {
  it('are read from the project and the user, refused when wrong, and flags win over them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-config-'));
    try {
      writeFileSync(join(dir, '.redis-trib.json'), JSON.stringify({ seed: '127.0.0.1:1', output: 'json' }));
      const fromFile = await runCli(['check', '--project-settings', 'use'], { cwd: dir });
      expect(JSON.parse(fromFile.stdout)).toMatchObject({ error: { message: expect.stringContaining('127.0.0.1:1') as string } });
      expect((await runCli(['check', '-o', 'plain', '127.0.0.1:2'], { cwd: dir, env: { REDIS_TRIB_PROJECT_SETTINGS: 'use' } })).stderr).toContain('127.0.0.1:2');
      expect((await runCli(['check'], { cwd: dir, env: { REDIS_TRIB_SEED: '127.0.0.1:3', REDIS_TRIB_PROJECT_SETTINGS: 'ignore' } })).stdout).toContain('127.0.0.1:3');
      writeFileSync(join(dir, '.redis-trib.json'), '{"sead": 1}');
      const wrong = await runCli(['check', 'h:1'], { cwd: dir });
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toContain('unknown setting "sead"');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

it('continues without an error when the reader of stdout closes the pipe', async () => {
  const child = startCli(['--help']);
  child.stdout?.destroy();
  child.stdin?.end();
  const run = await finished(child);
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
});

describeWithRedis('nodes that refuse', () => {
  let plain: RedisNode;
  let locked: RedisNode;

  beforeAll(async () => {
    [plain, locked] = await Promise.all([startRedis(), startRedis(['--cluster-enabled', 'yes', '--requirepass', 'secret'])]);
  });
  afterAll(() => Promise.all([plain.stop(), locked.stop()]));

  it('a server that is not a cluster node exits 3 with the predecessors text', async () => {
    for (const command of ['check', 'info', 'reshard', 'consistency-test']) {
      const run = await runCli([command, plain.address]);
      expect(run.stderr).toContain(`[ERR] Node ${plain.address} is not configured as a cluster node.`);
      expect(run.code).toBe(3);
    }
  });
  it('a missing and a wrong password exit 3 and name the flag', async () => {
    const none = await runCli(['check', locked.address]);
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('--askpass');
    const wrong = await runCli(['check', locked.address, '-a', 'wrong', '--no-auth-warning', '--json']);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'WRONGPASS' } });
    expect(wrong).toMatchObject({ code: 3, stderr: '' });
  });
  it('accepts the password from every source', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-password-'));
    const file = join(dir, 'pw');
    writeFileSync(file, 'secret\n');
    try {
      const ways = [
        runCli(['info', locked.address, '-a', 'secret', '--no-auth-warning']),
        runCli(['info', '--pass', 'secret', '--no-auth-warning', locked.address]),
        runCli(['-a', 'secret', '--no-auth-warning', '--cluster', 'info', locked.address]),
        runCli(['info', locked.address, '--user', 'default', '--password=secret', '--no-auth-warning']),
        runCli(['info', locked.address, '--password-file', file]),
        runCli(['info', locked.address, '--password-file', '-'], { input: 'secret\n' }),
        runCli(['info', locked.address], { env: { REDISCLI_AUTH: 'secret' } }),
        runCli(['info', `redis://:secret@${locked.address}`]),
        runCli(['info', `redis://default:secret@${locked.address}`]),
        runCli(['info', locked.address, '-u', 'redis://default:secret@ignored:1', '--no-auth-warning']),
      ];
      for (const run of await Promise.all(ways)) expect(run).toMatchObject({ code: 0, stderr: '' });
      expect((await runCli(['info', locked.address, '-a', 'secret'])).stderr).toContain('may not be safe');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

// call -x and -X: one argument from stdin, unchanged, in both spellings; at a terminal a message says that
// input is expected, and Ctrl-C ends the wait.
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { finished, openTerminal, startCli, type CliResult, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('call with an argument from stdin', () => {
  let cluster: RedisNodes;
  let terminal: Terminal | undefined;
  /** All 256 byte values, newlines, and no newline at the end. */
  const bytes = Buffer.from([...Array.from({ length: 256 }, (_, index) => index), 10, 0, 10]);

  beforeAll(async () => {
    cluster = await startRedisCluster(1, { extraArgs: ['--enable-debug-command', 'yes'] });
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => cluster.stop());

  const withInput = (args: readonly string[], input: Buffer): Promise<CliResult> => {
    const child = startCli(args);
    child.stdin?.end(input);
    return finished(child);
  };
  const stored = async (key: string): Promise<string> => {
    await using link = await cluster.nodes[0]!.connect();
    return String(await link.command(['GET', key]));
  };

  it.each([
    ['-x before the node', (at: string) => ['call', '-x', at, 'set', 'k'], 'k'],
    ['-x after the node', (at: string) => ['call', at, '-x', 'set', 'k'], 'k'],
    ['--stdin-last after the command', (at: string) => ['call', at, 'set', 'k', '--stdin-last'], 'k'],
    ['-x as in redis-cli', (at: string) => ['-x', '--cluster', 'call', at, 'set', 'k'], 'k'],
    ['-X', (at: string) => ['call', '-X', 'VALUE', at, 'set', 'k', 'VALUE', 'keepttl'], 'k'],
    ['-X as in redis-cli', (at: string) => ['-X', 'VALUE', '--cluster', 'call', at, 'set', 'k', 'VALUE'], 'k'],
    ['-X that replaces only the first of equal arguments', (at: string) => ['call', '--stdin-tag=T', at, 'set', 'k', 'T'], 'k'],
  ])('passes every byte with %s', async (_, args, key) => {
    await using link = await cluster.nodes[0]!.connect();
    await link.command(['DEL', key]);
    const run = await withInput(args(cluster.seed), bytes);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(new RegExp(`\n${cluster.seed}: OK\n$`));
    expect(await stored(key)).toBe(bytes.toString('latin1'));
  });

  it('keeps the last newline of stdin, as redis-cli does', async () => {
    const theirs = spawnSync('redis-cli', ['-x', '--cluster', 'call', cluster.seed, 'set', 'theirs'], { input: 'a\nb\n', encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
    const ours = await withInput(['-x', '--cluster', 'call', cluster.seed, 'set', 'ours'], Buffer.from('a\nb\n'));
    expect(ours.stdout.replaceAll('ours', 'theirs')).toBe(theirs.stdout);
    expect(await stored('ours')).toBe(await stored('theirs'));
  });

  it('shows the argument as text in JSON and omits it in tables; an empty stdin is an empty argument', async () => {
    const json = await withInput(['call', cluster.seed, '--json', '-x', 'set', 'k'], Buffer.from('käse'));
    expect(JSON.parse(json.stdout)).toMatchObject({ command: ['set', 'k', 'käse'], results: [{ reply: 'OK' }] });
    const table = await withInput(['call', cluster.seed, '-o', 'table', '-x', 'set', 'k'], bytes);
    expect(table.stdout).toContain(`>>> Calling set k (${bytes.length} bytes of stdin)\n`);
    await withInput(['call', cluster.seed, '-x', 'set', 'k'], Buffer.alloc(0));
    expect(await stored('k')).toBe('');
  });

  it.each([
    [['call', '-x', '-X', 'T', 'AT', 'set', 'k', 'T'], 'mutually exclusive'],
    [['call', '-X', 'NOPE', 'AT', 'set', 'k', 'v'], 'no argument of the command equals NOPE'],
    [['check', '-x', 'AT'], "unknown option '-x'"],
  ])('%j is a usage error and sends nothing', async (args, text) => {
    await using link = await cluster.nodes[0]!.connect();
    await link.command(['DEL', 'k']);
    const run = await withInput(args.map((word) => (word === 'AT' ? cluster.seed : word)), Buffer.from('secret'));
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) as string });
    expect(await link.command(['EXISTS', 'k'])).toBe(0);
  });

  it('refuses to read the password from stdin too', async () => {
    await using link = await cluster.nodes[0]!.connect();
    await link.command(['CONFIG', 'SET', 'requirepass', 'secret']);
    const run = await withInput(['call', '-x', '--password-file', '-', cluster.seed, 'set', 'both'], Buffer.from('secret'));
    await link.command(['CONFIG', 'SET', 'requirepass', '']);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/two options read stdin[^]*try: read the password from another file/) as string });
    expect(await link.command(['EXISTS', 'both'])).toBe(0);
  });

  it('says at a terminal what to type; Ctrl-D ends the word', async () => {
    terminal = openTerminal(['call', '-x', cluster.seed, 'set', 'typed']);
    await terminal.waitFor('Type the last argument, then Ctrl-D on a new line:');
    terminal.type('hello\r\u0004');
    expect(await terminal.exit).toBe(0);
    expect(await stored('typed')).toBe('hello\n');
  });

  it('ends the wait at Ctrl-C, and does not wait with --no-input', async () => {
    terminal = openTerminal(['call', '-X', 'T', cluster.seed, 'set', 'never', 'T']);
    await terminal.waitFor('Type the argument for T');
    terminal.type('\u0003');
    expect(await terminal.exit).toBe(130);
    const refused = openTerminal(['call', '-x', '--no-input', cluster.seed, 'set', 'never']);
    expect(await refused.exit).toBe(2);
    expect(refused.screen()).toContain('try: give it by a pipe or a file');
    expect(await stored('never')).toBe('null');
  });
});

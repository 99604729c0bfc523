// Every option of redis-trib.rb, redis-cli and valkey-cli, for the subcommand that has it, in each spelling and place they
// allow: read, and with the value they meant (cli.md 1.2, 1.3, 1.4). What an option does is tested with its command.
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { OptionIndex, readInvocation } from '../../src/cli/program/argv.js';
import { parseLine } from '../../src/cli/program/parse.js';
import { connectionOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';
import { plainStyle } from '../../src/ui/style.js';

const shared = new OptionIndex({ ...terminalOptions, ...connectionOptions, ...mutationOptions });
const ID = 'a'.repeat(40);

/** A whole command line, words apart by blanks, as far as the values the command gets. */
async function read(line: string, env: Readonly<Record<string, string>> = {}): Promise<{ name: string; words: readonly string[]; values: Readonly<Record<string, unknown>> }> {
  const invocation = readInvocation(line.split(' '), shared);
  if (invocation.kind !== 'command') throw new Error(`${line}: ${invocation.kind}`);
  const { name, words: argv, legacy } = invocation;
  const entry = commands.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${line}: no command ${name}`);
  const { default: command } = await entry.load();
  const parsed = await parseLine({ name, summary: entry.summary, command, argv, legacy, env, config: {}, style: plainStyle });
  if ('help' in parsed) throw new Error(`${line}: help`);
  return { name, words: parsed.words, values: parsed.values };
}

describe('redis-cli --cluster and valkey-cli --cluster', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['create a:1 b:2 --cluster-replicas 1 --cluster-yes', { replicas: 1, yes: true }],
    ['check a:1 --cluster-search-multiple-owners', { searchMultipleOwners: true }],
    ['fix a:1 --cluster-search-multiple-owners --cluster-fix-with-unreachable-masters', { searchMultipleOwners: true, fixWithUnreachableMasters: true }],
    ['fix a:1 --cluster-fix-with-unreachable-primaries --cluster-replace --cluster-timeout 5 --cluster-pipeline 7', { fixWithUnreachableMasters: true, replace: true, timeout: 5, pipeline: 7 }],
    [`reshard a:1 --cluster-from ${ID},all --cluster-to ${ID} --cluster-slots 5 --cluster-yes --cluster-timeout 5 --cluster-pipeline 7 --cluster-replace`, { from: [ID, 'all'], to: [ID], slots: '5', yes: true, timeout: 5, pipeline: 7, replace: true }],
    ['rebalance a:1 --cluster-weight x=1 y=.5 --cluster-use-empty-masters --cluster-timeout 5 --cluster-simulate --cluster-pipeline 7 --cluster-threshold 1.5 --cluster-replace --verbose', { weight: ['x=1', 'y=.5'], useEmptyMasters: true, timeout: 5, simulate: true, pipeline: 7, threshold: 1.5, replace: true, verbose: true }],
    ['rebalance a:1 --cluster-use-empty-primaries', { useEmptyMasters: true }],
    [`add-node a:1 b:2 --cluster-slave --cluster-master-id ${ID}`, { replica: true, master: ID }],
    [`add-node a:1 b:2 --cluster-replica --cluster-primary-id ${ID}`, { replica: true, master: ID }],
    ['call a:1 ping --cluster-only-masters', { onlyMasters: true, onlyReplicas: false }],
    ['call a:1 ping --cluster-only-primaries', { onlyMasters: true }],
    ['call a:1 ping --cluster-only-replicas', { onlyMasters: false, onlyReplicas: true }],
    ['set-timeout a:1 5000', {}],
    ['import a:1 --cluster-from b:2 --cluster-from-user joe --cluster-from-pass pw --cluster-copy --cluster-replace --cluster-timeout 5', { from: 'b:2', fromUser: 'joe', fromPass: 'pw', copy: true, replace: true, timeout: 5 }],
    ['import a:1 --cluster-from b:2 --cluster-from-askpass', { fromAskpass: true }],
    ['backup a:1 folder', {}],
    [`del-node a:1 ${ID}`, {}],
    ['info a 1', {}],
    ['info a:1 -a pw --user joe --no-auth-warning', { password: 'pw', user: 'joe', noAuthWarning: true }],
    ['info a:1 --pass pw --askpass -u redis://x -2 -t 3', { password: 'pw', askpass: true, uri: 'redis://x', resp2: true, connectTimeout: 3 }],
    ['info a:1 -h ignored -p 6379 -3 -4', { resp3: true, ipv4: true }],
    ['info a:1 --tls --sni h --cacert f --cacertdir d --cert c --key k --insecure --tls-ciphers x --tls-ciphersuites y -6', { tls: true, sni: 'h', cacert: 'f', cacertdir: 'd', cert: 'c', key: 'k', insecure: true, tlsCiphers: 'x', tlsCiphersuites: 'y', ipv6: true }],
  ])('--cluster %s', async (line, values) => {
    const [name = '', ...rest] = line.split(' ');
    const { words } = await read(`--cluster ${line}`);
    expect((await read(`--cluster ${line}`)).values).toMatchObject(values);
    expect(words[0]).toMatch(/^a(:1)?$/);
    // In our own form too, and in both with the options first, where redis-cli takes them as well.
    const firstOption = rest.findIndex((word) => word.startsWith('-'));
    if (name === 'call' || firstOption < 0 || rest.includes('-h')) return;
    expect(await read([name, ...rest].join(' '))).toMatchObject({ name, words, values });
    const [flags, front] = [rest.slice(firstOption), rest.slice(0, firstOption)];
    expect(await read(['--cluster', name, ...flags, ...front].join(' '))).toMatchObject({ name, words, values });
    expect(await read([...flags, '--cluster', name, ...front].join(' '))).toMatchObject({ name, words, values });
  });

  it('ignores -h and -p before --cluster, as redis-cli does', async () => {
    expect(await read('-h 10.0.0.1 -p 7000 --cluster check a:1')).toMatchObject({ name: 'check', words: ['a:1'] });
    expect(await read('-p 7000 -a pw --cluster call a:1 config get port')).toMatchObject({ words: ['a:1', 'config', 'get', 'port'], values: { password: 'pw' } });
  });

  it('accepts options of a subcommand with their values before --cluster', async () => {
    expect(await read('--cluster-only-masters --cluster call a:1 ping')).toMatchObject({ name: 'call', words: ['a:1', 'ping'], values: { onlyMasters: true } });
    expect(await read('-a pw --cluster-replicas 1 --cluster-yes --cluster create a:1 b:2')).toMatchObject({ name: 'create', words: ['a:1', 'b:2'], values: { replicas: 1, yes: true, password: 'pw' } });
    expect(await read('call a:1 config set x --cluster y')).toMatchObject({ name: 'call', words: ['a:1', 'config', 'set', 'x', '--cluster', 'y'] });
  });

  it.each([['1', true], ['0', false], ['yes', false], ['true', false], ['', false]])('REDISCLI_CLUSTER_YES=%s', async (value, yes) => {
    expect((await read('create a:1 b:2', { REDISCLI_CLUSTER_YES: value })).values['yes']).toBe(yes);
  });

  it('reads valkey-cli\'s own variable before that of redis-cli', async () => {
    const yes = async (env: Readonly<Record<string, string>>): Promise<unknown> => (await read('create a:1 b:2', env)).values['yes'];
    expect(await yes({ VALKEYCLI_CLUSTER_YES: '1' })).toBe(true);
    expect(await yes({ VALKEYCLI_CLUSTER_YES: '', REDISCLI_CLUSTER_YES: '1' })).toBe(true);
    expect(await yes({ VALKEYCLI_CLUSTER_YES: '0', REDISCLI_CLUSTER_YES: '1' })).toBe(false);
  });

  it.each(['check a:1', 'info a 1', 'call a:1 ping'])('ignores --cluster-yes with %s, which asks nothing', async (line) => {
    const plain = await read(`--cluster ${line}`);
    for (const words of [`--cluster-yes --cluster ${line}`, `--cluster ${line} --cluster-yes`]) expect(await read(words)).toMatchObject({ name: plain.name, words: plain.words });
    expect((await read('check a:1 --yes')).words).toEqual(['a:1']);
    expect((await read('call a:1 echo --yes')).words).toEqual(['a:1', 'echo', '--yes']);
  });

  it('ignores -c with --cluster', async () => {
    expect(await read('-c -h 10.0.0.1 -p 7000 -a pw --cluster check a:1')).toMatchObject({ name: 'check', words: ['a:1'], values: { password: 'pw' } });
    expect(await read('-c --cluster create a:1 b:2 --cluster-replicas 1')).toMatchObject({ name: 'create', words: ['a:1', 'b:2'], values: { replicas: 1 } });
  });

  it.each(['check a:1 --cluster-replicas 1', 'info a:1 --cluster-copy', 'check a:1 --mptcp', 'check a:1 --rdma'])('%s: options that say what is not done are refused, not ignored', async (line) => {
    await expect(read(`--cluster ${line}`)).rejects.toMatchObject({ exitCode: 2 });
  });

  it.each(['fix', 'reshard', 'rebalance', 'import'])('%s refuses numbers that redis-cli reads as 0', async (name) => {
    await expect(read(`--cluster ${name} a:1 --cluster-timeout soon`)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('redis-trib.rb: options first', () => {
  it.each<[string, readonly string[], Readonly<Record<string, unknown>>]>([
    ['create --replicas 1 a:1 b:2', ['a:1', 'b:2'], { replicas: 1 }],
    ['fix --timeout 5 a:1', ['a:1'], { timeout: 5 }],
    [`reshard --from all --to ${ID} --slots 5 --yes --timeout 5 --pipeline 7 a:1`, ['a:1'], { from: ['all'], to: [ID], slots: '5', yes: true, timeout: 5, pipeline: 7 }],
    ['rebalance --weight x=1 --weight y=2 --auto-weights --use-empty-masters --timeout 5 --simulate --pipeline 7 --threshold 3 a:1', ['a:1'], { weight: ['x=1', 'y=2'], useEmptyMasters: true, timeout: 5, simulate: true, pipeline: 7, threshold: 3 }],
    [`add-node --slave --master-id ${ID} a:1 b:2`, ['a:1', 'b:2'], { replica: true, master: ID }],
    [`del-node a:1 ${ID}`, ['a:1', ID], {}],
    ['set-timeout a:1 500', ['a:1', '500'], {}],
    ['call a:1 get x', ['a:1', 'get', 'x'], {}],
    ['import --from b:2 --copy --replace a:1', ['a:1'], { from: 'b:2', copy: true, replace: true }],
    ['check --verbose a:1', ['a:1'], { verbose: true }],
    ['INFO a:1', ['a:1'], {}],
    ['info --password pw a:1', ['a:1'], { password: 'pw' }],
  ])('reads %s', async (line, words, values) => expect(await read(line)).toMatchObject({ words, values }));

  it('without --timeout, import uses 60 s and reshard and rebalance their own default (redis-trib.rb used 1 s)', async () => {
    for (const line of ['reshard a:1', 'rebalance a:1', 'import a:1 --from b:2']) expect((await read(line)).values['timeout']).toBe(line.startsWith('import') ? 60_000 : undefined);
  });
});

describe('words after the subcommand (1.2)', () => {
  const parse = async (name: string, words: readonly string[]): Promise<boolean> => {
    const entry = commands.find((one) => one.name === name);
    const command = (await entry?.load())?.default;
    const context = { io: { mode: 'json', prompts: () => Promise.reject(new Error('asked')) }, signal: new AbortController().signal, cwd: '/nonexistent', connection: () => Promise.reject(new Error('parsed')) };
    const failure = await command?.execute(words, {}, undefined, context as unknown as Parameters<typeof command.execute>[3]).catch((error: unknown) => error);
    return failure instanceof Error && !/Wrong number of arguments|unexpected argument/.test(failure.message);
  };
  it.each([
    ['create', [['a:1'], ['a:1', 'b:2']], [[]]],
    ['check', [['a:1'], ['a', '1']], [[], ['a:1', 'b:2']]],
    ['info', [['a:1'], ['a', '1']], [[]]],
    ['fix', [['a:1'], ['a', '1']], [[]]],
    ['reshard', [['a:1'], ['a', '1']], [[]]],
    ['rebalance', [['a:1'], ['a', '1']], [[]]],
    ['add-node', [['a:1', 'b:2'], ['a:1', 'b:2', 'c:3']], [[], ['a:1']]],
    ['del-node', [['a:1', ID]], [[], ['a:1'], ['a:1', ID, ID]]],
    ['call', [['a:1', 'ping'], ['a', '1', 'ping'], ['a:1', 'config', 'get', 'x']], [[], ['a:1']]],
    ['set-timeout', [['a:1', '500']], [[], ['a:1'], ['a:1', '500', '600']]],
    ['import', [['a:1']], [[]]],
    ['backup', [['a:1', 'dir']], [[], ['a:1'], ['a:1', 'dir', 'more']]],
  ] as const)('%s', async (name, good, bad) => {
    for (const words of good) expect([words, await parse(name, words)]).toEqual([words, true]);
    for (const words of bad) expect([words, await parse(name, words)]).toEqual([words, false]);
  });
});

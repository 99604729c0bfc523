// Rows of the tables of docs/rules/cli.md (1.3, 2.1, 2.3, 2.4, 2.11–2.13, 3.1–3.3) that no other test has: what the program
// says and how it ends, before scripted nodes or without any.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/client/connection.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ClusterView } from '../../src/cluster/view.js';
import { scanKeys } from '../../src/import/scan.js';
import type { Reply } from '../../src/resp/reply.js';
import { createPrompts } from '../../src/ui/prompts.js';
import { checkLines, extraWarnings } from '../../src/ui/views/check-lines.js';
import { nodeLines } from '../../src/ui/views/cluster-lines.js';
import { checkView } from '../../src/cluster/findings.js';
import { runHere } from '../support/broken-cluster.js';
import { startFakeCluster, type FakeAnswers, type FakeCluster } from '../support/fake-cluster.js';
import { idOf, viewOf } from '../support/views.js';

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const at = ({ ports }: FakeCluster, index: number): string => `127.0.0.1:${ports[index] ?? 0}`;
/** The id of a scripted node. */
const id = (index: number): string => index.toString(16).padStart(40, '0');
const named = (words: readonly string[]): string => words.join(' ').toUpperCase();

describe('which nodes are loaded (2.1 step 4)', () => {
  it('loads nodes flagged fail? and fail when they reply, not noaddr and handshake; in the order of the entry node', async () => {
    let text = '';
    const answers: FakeAnswers = (index, words) => {
      if (named(words) !== 'CLUSTER NODES') return undefined;
      if (index === 3) return '-LOADING not yet\r\n';
      return bulk(text.replace('myself,', '').split('\n').map((one) => (one.startsWith(id(index)) ? one.replace(/ (master|slave)/, ' myself,$1') : one)).join('\n'));
    };
    await using fake = await startFakeCluster(7, 0, answers);
    const line = (index: number, flags: string, rest: string, address = `${at(fake, index)}@1`): string => `${id(index)} ${address} ${flags} ${rest}\n`;
    text = [
      line(2, 'master', '- 0 1 3 connected 10922-16383'),
      line(0, 'myself,master', '- 0 1 1 connected 0-5460'),
      line(5, 'slave,fail?', `${id(2)} 0 1 3 connected`),
      line(1, 'master', '- 0 1 2 connected 5461-10921'),
      line(3, 'slave,fail', `${id(0)} 0 1 1 disconnected`),
      line(4, 'slave,noaddr', `${id(1)} 0 1 2 disconnected`, ':0@0'),
      line(6, 'slave,fail', `${id(1)} 0 1 2 disconnected`),
      line(9, 'handshake', '- 0 0 0 disconnected', '127.0.0.1:1@2'),
    ].join('');
    const run = await runHere(['nodes', at(fake, 0), '--json']);
    const { nodes, unreachable } = JSON.parse(run.stdout) as { nodes: { id: string }[]; unreachable: { id: string; reason: string }[] };
    expect(nodes.map((node) => node.id)).toEqual([0, 2, 5, 1, 6].map(id));
    expect(unreachable.map((node) => [node.id, node.reason])).toEqual([[id(3), expect.stringContaining('LOADING')], [id(4), 'noaddr']]);
  });
});

describe('info when one node does not reply (2.3, 3.1)', () => {
  it('ends with the error and without totals, exit 0', async () => {
    await using fake = await startFakeCluster(4, 0, (index, words) => (named(words) === 'DBSIZE' ? (index === 0 ? ':5\r\n' : '-NOPERM no\r\n') : undefined));
    const run = await runHere(['--cluster', 'info', at(fake, 0)]);
    expect(run).toMatchObject({ code: 0, stdout: `${at(fake, 0)} (${id(0).slice(0, 8)}...) -> 5 keys | 8192 slots | 1 slaves.\nNode ${at(fake, 1)} replied with error:\nNOPERM no\n` });
  });
});

describe('call when one node does not reply (2.12)', () => {
  it('prints Failed! for it, and the reason on stderr; exit 1', async () => {
    await using fake = await startFakeCluster(4, 0, (index, words) => (named(words) === 'PING' ? (index === 2 ? '' : '+PONG\r\n') : undefined));
    const run = await runHere(['--cluster', 'call', at(fake, 0), 'ping', '--command-timeout', '0.2']);
    expect(run.stdout).toBe(`>>> Calling ping\n${[0, 1, 2, 3].map((index) => `${at(fake, index)}: ${index === 2 ? 'Failed!' : 'PONG'}\n`).join('')}`);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`${at(fake, 2)}: `) as string });
  });
});

describe('check --search-multiple-owners (2.4 step 5)', () => {
  it('reports a node with one stray key as another owner, exit 1', async () => {
    const count: FakeAnswers = (index, words) => (/^CLUSTER COUNTKEYSINSLOT (\d+)$/.test(named(words)) ? (index === 1 && words[2] === '5' ? ':1\r\n' : ':0\r\n') : named(words) === 'DBSIZE' ? ':0\r\n' : undefined);
    await using fake = await startFakeCluster(4, 0, count);
    const run = await runHere(['--cluster', 'check', at(fake, 0), '--cluster-search-multiple-owners']);
    expect(run.stdout).toContain(`[OK] All 16384 slots covered.\n>>> Check for multiple slot owners...\n[WARNING] Slot 5 has 2 owners:\n    ${at(fake, 0)}\n    ${at(fake, 1)}\n`);
    expect(run.code).toBe(1);
    expect(await runHere(['check', at(fake, 0)])).toMatchObject({ code: 0 }); // it is not looked for without the flag
  });
});

describe('passwords (1.3)', () => {
  const used = async (words: readonly string[], env: Readonly<Record<string, string>>): Promise<[auth: string[], stderr: string]> => {
    const auth: string[] = [];
    const answers: FakeAnswers = (_, given) => {
      if (given[0]?.toUpperCase() === 'AUTH') auth.push(given.slice(1).join(' '));
      return given[0]?.toUpperCase() === 'AUTH' ? '+OK\r\n' : named(given) === 'DBSIZE' ? ':0\r\n' : undefined;
    };
    await using fake = await startFakeCluster(2, 0, answers);
    const run = await runHere([...words, '--cluster', 'info', at(fake, 0)], { env });
    expect(run, run.stderr).toMatchObject({ code: 0 });
    return [[...new Set(auth)], run.stderr];
  };
  it.each([
    [['-a', 'typed'], { REDISCLI_AUTH: 'kept' }, 'typed', true],
    [['--user', 'joe', '--pass', 'typed'], { REDISCLI_AUTH: 'kept' }, 'joe typed', true],
    [['-a', 'typed', '--no-auth-warning'], {}, 'typed', false],
    [[], { REDISCLI_AUTH: 'kept' }, 'kept', false],
    [['--user', 'joe'], { REDISCLI_AUTH: 'kept' }, 'joe kept', false],
    [[], { VALKEYCLI_AUTH: 'valkeys', REDISCLI_AUTH: 'kept' }, 'valkeys', false], // 1.1: falls back to the other
    [[], { VALKEYCLI_AUTH: '', REDISCLI_AUTH: 'kept' }, 'kept', false],
    [['-u', 'redis://joe:s%20@ignored:1'], {}, 'joe s ', false],
  ])('%j with %j', async (words, env, auth, warned) => {
    const [sent, stderr] = await used(words, env);
    expect(sent).toEqual([auth]);
    if (words[0] !== '-u') expect(stderr.includes('may not be safe')).toBe(warned);
  });
});

describe('usage errors before any connection (1.3, 2.2, 2.11)', () => {
  it.each([
    [['--cluster', 'create', '127.0.0.1:1', 'b'], 'Invalid address format: b'],
    [['--cluster', 'create', '127.0.0.1:1', 'b:port'], 'Invalid address format: b:port'],
    [['--cluster', 'set-timeout', '127.0.0.1:1', '99'], 'Setting a node timeout of less than 100 milliseconds is a bad idea.'],
    [['--cluster', 'set-timeout', '127.0.0.1:1', 'soon'], 'a whole number of milliseconds'],
    [['--cluster', 'reshard', '127.0.0.1:1', '--cluster-slots', '-5', '--cluster-from', 'all', '--cluster-to', idOf(0), '--cluster-yes', '--cluster-pipeline', '0'], '--pipeline takes a whole number of at least 1'],
    [['--cluster', 'check', '127.0.0.1', '1', 'more'], 'unexpected argument: more'],
    [['--cluster', 'nosuch', '127.0.0.1:1'], "Unknown subcommand 'nosuch'"],
  ])('%j', async (words, text) => expect(await runHere(words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) as string }));
});

describe('answers to a question (3.3)', () => {
  const answer = async (typed: string): Promise<string> => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let shown = '';
    const type = (chunk: Buffer): void => {
      shown += chunk.toString();
      if (!shown.includes('accept):')) return;
      output.off('data', type).resume();
      setImmediate(() => input.write(`${typed}\r`)); // not while it still draws
    };
    output.on('data', type);
    const asked = createPrompts({ input, output, signal: undefined }).confirm("Can I set the above configuration? (type 'yes' to accept):", '--yes');
    const done = asked.then(() => 'accepted', (error: unknown) => (error as { code?: string }).code ?? String(error));
    return done;
  };
  // redis-trib.rb took the word in any case, redis-cli whatever begins with it.
  it.each(['yes', 'YES', 'Yes', ' yes '])('"%s" accepts', async (typed) => expect(await answer(typed)).toBe('accepted'));
  it.each(['y', 'yesterday', 'yes please', 'no', ''])('"%s" does not', async (typed) => expect(await answer(typed)).toBe('DECLINED'));
});

describe('lines of check and info (2.1, 4.2, 4.4)', () => {
  const masters = [{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
  it('a node without flags has a line that ends with a blank', () => {
    const view = viewOf(masters);
    expect(nodeLines(view, { ...view.entry, flags: ['myself'] })[1]).toBe('   slots:[0-5460] (5461 slots) ');
  });
  it('reports a replica of an unknown master on stderr, as the predecessors do', () => {
    const warnings = extraWarnings(checkView(viewOf([...masters, { replicaOf: 30 }])));
    expect(warnings).toContain(`Replica 127.0.0.1:7003 follows unknown node ID ${idOf(30)}`);
  });
  it('reports open and uncovered slots also when the nodes disagree', () => {
    const [first = viewOf(masters).entry, ...rest] = viewOf([{ slots: `1-5460 [93->-${idOf(1)}]` }, ...masters.slice(1)]).nodes;
    const other = viewOf([{ slots: '1-5459' }, ...masters.slice(1)]).nodes[0];
    const view = new ClusterView([first, ...rest.map((node) => ({ ...node, lines: other?.lines ?? [] }))]);
    expect(checkLines(view, checkView(view), { quiet: true }).slice(1)).toEqual([
      "[ERR] Nodes don't agree about configuration!",
      '>>> Check for open slots...',
      '[WARNING] Node 127.0.0.1:7000 has slots in migrating state 93.',
      '[WARNING] The following slots are open: 93.',
      '>>> Check slots coverage...',
      '[ERR] Not all 16384 slots are covered by nodes.',
      '',
    ]);
    expect(checkView(view).uncovered.equals(new SlotSet([0]))).toBe(true);
  });
});

describe('the keys of a source (2.13)', () => {
  it('are requested with the same cursor that the server sent, also beyond 32 bits', async () => {
    const sent: string[] = [];
    const answers: Reply[] = [['18446744073709551615', ['a', 'b']], ['2147483648', ['b', 'c']], ['0', []]];
    const source = { command: (words: readonly string[]) => Promise.resolve((sent.push(String(words[1])), answers.shift() ?? null)) } as unknown as Connection;
    const keys: string[] = [];
    for await (const page of scanKeys(source, false)) keys.push(...page.keys);
    expect([sent, keys]).toEqual([['0', '18446744073709551615', '2147483648'], ['a', 'b', 'b', 'c']]);
  });
});

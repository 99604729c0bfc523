// Nodes named at the prompts of reshard: typed, pasted (also several lines at once, with every kind of line end), by arrow keys;
// at two widths. What was understood is shown before anything goes on, and Enter alone never takes more than is marked.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOTHING_PICKED, pickWords, type Pick } from '../../src/ui/pick.js';
import { openTerminal, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describe('a line of words', () => {
  const choices = ['a', 'b', 'c'].map((value) => ({ name: value, value }));
  const find = (word: string) => {
    const choice = choices.find(({ value }) => value === word);
    if (choice === undefined) throw new Error(`no ${word}`);
    return choice;
  };
  const one: Pick<string> = { question: () => 'which?', choices, find };
  const many: Pick<string> = { ...one, several: { all: { name: 'all', value: ['*'] } } };

  it('names one choice, or several until done or all', () => {
    expect(pickWords(one, NOTHING_PICKED, ' b ')).toMatchObject({ values: ['b'], complete: true });
    expect(pickWords(many, NOTHING_PICKED, 'a, b a')).toMatchObject({ values: ['a', 'b'], complete: false });
    expect(pickWords(many, NOTHING_PICKED, 'a done')).toMatchObject({ values: ['a'], complete: true });
    expect(pickWords(many, NOTHING_PICKED, 'ALL')).toMatchObject({ values: ['*'], complete: true });
    expect(pickWords(many, NOTHING_PICKED, '')).toMatchObject({ values: [], complete: false });
  });

  it('refuses too many words, done before a node, and unknown names', () => {
    expect(() => pickWords(one, NOTHING_PICKED, 'a b')).toThrow('one too many');
    expect(() => pickWords(many, NOTHING_PICKED, 'done')).toThrow('No node has been given yet');
    expect(() => pickWords(many, NOTHING_PICKED, 'a x')).toThrow('no x');
  });
});

describeWithRedis('naming nodes at a terminal', () => {
  let cluster: RedisNodes;
  let ids: string[];
  let terminal: Terminal | undefined;
  beforeAll(async () => {
    cluster = await startRedisCluster(4);
    ids = await Promise.all(cluster.nodes.map(async (node) => {
      await using link = await node.connect();
      return String(await link.command(['CLUSTER', 'MYID']));
    }));
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => cluster.stop());

  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const id = (index: number): string => ids[index] ?? '';
  /** Up to the question for the sources; moves nothing, as every test says no. */
  const sources = async (columns: number): Promise<Terminal> => {
    terminal = openTerminal(['reshard', cluster.seed, '--slots', '6', '--to', at(3)], { columns });
    await terminal.waitFor('Source node #1:');
    return terminal;
  };
  const planOf = async (tty: Terminal): Promise<string[]> => {
    await tty.waitFor('Ready to move 6 slots');
    await tty.waitFor(/\(yes\s*\/no\)\?/); // wrapped at 60 columns
    tty.type('no\r');
    expect(await tty.exit).toBe(4);
    const plan = tty.screen().slice(tty.screen().indexOf('Ready to move'));
    return [0, 1, 2].filter((index) => plan.includes(at(index))).map(at);
  };

  it.each([60, 120])('accepts two pasted ids, each with Enter, then done, on a terminal of %i columns', async (columns) => {
    const tty = await sources(columns);
    tty.type(`${id(0)}\r`);
    await tty.waitFor('Source node #2:');
    tty.type(`${id(2)}\r`);
    await tty.waitFor('Source node #3:');
    tty.type('done\r');
    expect(await planOf(tty)).toEqual([at(0), at(2)]);
  });

  it.each([['CR', '\r'], ['LF', '\n'], ['CRLF', '\r\n']])('accepts all lines pasted at once with %s', async (_, end) => {
    const tty = await sources(120);
    tty.type([id(1), at(2), 'done', ''].join(end));
    expect(await planOf(tty)).toEqual([at(1), at(2)]);
  });

  it('accepts prefixes of ids, addresses, localhost and several words on a line; repeats the question after an unknown name', async () => {
    const tty = await sources(120);
    tty.type('127.0.0.1:1\r');
    await tty.waitFor('127.0.0.1:1');
    tty.type(`localhost:${cluster.nodes[0]?.port ?? 0} ${id(1).slice(0, 12)}\r`);
    await tty.waitFor('Source node #3:');
    tty.type('done\r');
    expect(await planOf(tty)).toEqual([at(0), at(1)]);
  });

  it.each([['CR', '\r'], ['LF', '\n'], ['CRLF', '\r\n']])('accepts a whole dialogue pasted at once with %s', async (_, end) => {
    terminal = openTerminal(['reshard', cluster.seed]);
    await terminal.waitFor('How many slots do you want to move');
    terminal.type(['6', id(3), id(0), at(1), 'done', 'no', ''].join(end));
    expect(await terminal.exit).toBe(4);
    expect(terminal.screen()).toContain(`Source node #1: ${id(0).slice(0, 8)}`);
    expect(terminal.screen()).toContain(`Source node #2: ${id(1).slice(0, 8)}`);
    expect(terminal.screen()).toMatch(/Ready to move 6 slots[^]*not confirmed: nothing was changed/);
  });

  it('keeps answers that are typed before the first question', async () => {
    terminal = openTerminal(['reshard', cluster.seed, '--to', at(3), '--from', at(0)]);
    terminal.type('6\rno\r');
    expect(await terminal.exit).toBe(4);
    expect(terminal.screen()).toContain('Ready to move 6 slots');
  });

  it('takes the choice marked by the arrow keys at Enter, and Enter alone ends the list', async () => {
    const tty = await sources(120);
    await tty.waitFor('all: use all the nodes');
    tty.type('\u001b[B');
    tty.type('\r');
    await tty.waitFor('Source node #2:');
    tty.type('\r');
    expect(await planOf(tty)).toHaveLength(1);
  });

  it('accepts a pasted id with its line end as the receiving node, and Ctrl-C exits', async () => {
    terminal = openTerminal(['reshard', cluster.seed, '--slots', '6', '--from', at(0)]);
    await terminal.waitFor('What is the receiving node ID?');
    terminal.type(`${id(2)}\r`);
    await terminal.waitFor(`What is the receiving node ID? ${id(2).slice(0, 8)} ${at(2)}`);
    expect(await planOf(terminal)).toEqual([at(0), at(2)]);
    const left = await sources(120);
    left.type(`${id(0).slice(0, 5)}\u0003`);
    expect(await left.exit).toBe(130);
  });
});

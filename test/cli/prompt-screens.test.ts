// The prompts of the talk and the tutorials, answered by typing, by pasting and by arrow keys, at 60 and 120 columns, with
// UTF-8 and in the C locale: what the terminal shows at the end is kept in screens/. Every plan is declined, so nothing changes.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTerminal, runCli, type Terminal } from '../support/cli.js';
import { describeWithRedis, startClusterNodes, type RedisNodes } from '../support/redis-server.js';
import { renderedScreen } from '../support/rendered-screen.js';

interface Subject {
  /** Nodes of a cluster, and nodes that are in none. */
  readonly address: readonly string[];
  readonly ids: readonly string[];
  readonly free: readonly string[];
}

interface Session {
  readonly args: (subject: Subject) => readonly string[];
  /** Shown text, and the keys that are pressed then. */
  readonly answers: (subject: Subject) => readonly (readonly [shown: string | RegExp, keys: string])[];
  readonly code: number;
}

const DOWN = '\u001b[B';
const proceed = /\(yes\s*\/no\)\?/;

const SESSIONS: Readonly<Record<string, Session>> = {
  'reshard-typed': {
    args: ({ address }) => ['reshard', address[0]!],
    answers: ({ address, ids }) => [
      ['How many slots do you want to move', '1000\r'],
      ['What is the receiving node ID?', `${ids[2]!}\r`],
      ['Source node #1:', `${ids[0]!.slice(0, 8)}\r`],
      ['Source node #2:', `${address[1]!}\r`],
      ['Source node #3:', 'done\r'],
      [proceed, 'no\r'],
    ],
    code: 4,
  },
  'reshard-pasted': {
    args: ({ address }) => ['--cluster', 'reshard', address[0]!],
    answers: ({ ids }) => [
      ['How many slots do you want to move', '10\r'],
      ['What is the receiving node ID?', `${ids[1]!}\r`],
      ['Source node #1:', `nonsense\r`],
      ['nonsense', `${ids[0]!}\n${ids[2]!}\ndone\n`],
      [proceed, 'no\r'],
    ],
    code: 4,
  },
  'reshard-arrows': {
    args: ({ address }) => ['reshard', address[0]!, '--slots', '100'],
    answers: () => [
      ['What is the receiving node ID?', `${DOWN}${DOWN}\r`],
      ['Source node #1:', `${DOWN}\r`],
      ['Source node #2:', '\r'],
      [proceed, 'no\r'],
    ],
    code: 4,
  },
  create: {
    args: ({ free }) => ['--cluster', 'create', ...free],
    answers: () => [['Can I set the above configuration?', 'no\r']],
    code: 4,
  },
  'replicate-left': {
    args: ({ address }) => ['replicate', address[0]!, address[1]!],
    answers: () => [[/Which master should/, '\u0003']],
    code: 130,
  },
};

describeWithRedis('prompts on the screen', () => {
  let servers: RedisNodes;
  let subject: Subject;
  let terminal: Terminal | undefined;
  beforeAll(async () => {
    servers = await startClusterNodes(6);
    // Tables are in the order of the addresses, so slots must be too.
    const nodes = [...servers.nodes].sort((a, b) => a.port - b.port);
    const ids = nodes.map(async (node) => {
      await using link = await node.connect();
      return String(await link.command(['CLUSTER', 'MYID']));
    });
    const addresses = nodes.map((node) => node.address);
    subject = { address: addresses.slice(0, 3), free: addresses.slice(3), ids: await Promise.all(ids) };
    expect(await runCli(['create', ...subject.address, '--yes'])).toMatchObject({ code: 0 });
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => servers.stop());

  /** Ids and addresses differ from run to run: others of the same width stand for them. */
  const settled = (text: string): string => {
    const letters = subject.ids.map((id, index) => [id, 'abcdef'[index]!.repeat(40)] as const);
    const named = letters.reduce((so, [id, letter]) => so.replaceAll(id, letter).replaceAll(id.slice(0, 8), letter.slice(0, 8)), text);
    return [...subject.address, ...subject.free].reduce((so, address, index) => so.replaceAll(address, `127.0.0.1:1700${index}`), named);
  };

  describe.each(Object.entries(SESSIONS))('%s', (name, session) => {
    it.each([60, 120].flatMap((columns) => (['utf8', 'c'] as const).map((locale) => [columns, locale] as const)))('at %i columns, locale %s', async (columns, locale) => {
      const env = { NO_COLOR: '1', LC_ALL: locale === 'c' ? 'C' : 'C.UTF-8' };
      terminal = openTerminal(session.args(subject), { columns, env });
      for (const [shown, keys] of session.answers(subject)) {
        await terminal.waitFor(shown);
        terminal.type(keys);
      }
      expect(await terminal.exit, terminal.screen()).toBe(session.code);
      const screen = settled(await renderedScreen(terminal.raw(), columns));
      if (locale === 'c') expect(screen).toMatch(/^[\n -~]*$/);
      await expect(screen).toMatchFileSnapshot(`screens/${name}-${columns}-${locale}.txt`);
    });
  });
});

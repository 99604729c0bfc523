// Texts of nodes are written to terminals, pipes and documents without control characters; the program's own colours stay.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ReplyError } from '../../src/resp/reply.js';
import { oneLine, visible } from '../../src/resp/visible.js';
import { createIo, type Io } from '../../src/ui/io.js';
import { createPrompts } from '../../src/ui/prompts.js';
import { startProgress } from '../../src/ui/progress.js';
import type { OutputStream } from '../../src/ui/streams.js';
import { finished, loadStyle } from '../../src/ui/style.js';
import { drawTable } from '../../src/ui/table.js';
import type { TerminalFlags } from '../../src/ui/terminal.js';
import { startFakeCluster } from '../support/fake-cluster.js';
import { openTerminal, runCli } from '../support/cli.js';

/** Everything that a terminal interprets: escape sequences in 7 and in 8 bits, bells, backspaces, changes of direction. */
const EVIL = '\u001b[2J\u001b]0;title\u0007\u009b31m\u0008\u007f\r\u202e';
const OBEYED = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e]');

async function collect(flags: TerminalFlags, env: Record<string, string>, use: (io: Io) => void, isTTY = false): Promise<{ readonly out: string; readonly err: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = await createIo({ stdin, stdout: Object.assign(stdout, { isTTY }), stderr: Object.assign(stderr, { isTTY }) }, env, flags);
  use(io);
  await io.flush();
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { out: text(stdout), err: text(stderr) };
}

describe('output to the terminal', () => {
  it('shows control characters as escapes on stdout and stderr, when piped too', async () => {
    for (const isTTY of [true, false]) {
      const { out, err } = await collect({}, { NO_COLOR: '1' }, (io) => {
        io.out(`a ${EVIL} b\tc\nd`);
        io.write(EVIL);
        io.note(EVIL);
        io.error(EVIL);
      }, isTTY);
      expect(out).toContain('a \\u001b[2J\\u001b]0;title\\u0007\\u009b31m\\u0008\\u007f\\r\\u202e b\tc\nd\n');
      expect(out).not.toMatch(OBEYED);
      expect(err).not.toMatch(OBEYED);
    }
  });

  it('keeps styles of this program, and does not style text of others', async () => {
    const { out } = await collect({}, { FORCE_COLOR: '1' }, (io) => io.out(`${io.style.good('well')} \u001b[32mforged\u001b[39m ${io.style.bad(`x\u001b[1my ${io.style.strong('z')}`)}`));
    expect(out).toBe('\u001b[32mwell\u001b[39m \\u001b[32mforged\\u001b[39m \u001b[31mx\\u001b[1my \u001b[1mz\u001b[22m\u001b[39m\n');
  });

  it('writes bytes unchanged to a pipe, and as text to a terminal', async () => {
    const bytes = Buffer.from('\u001b[2J\xff', 'latin1');
    expect((await collect({}, {}, (io) => io.write(bytes))).out).toContain('\u001b[2J');
    expect((await collect({}, {}, (io) => io.write(bytes), true)).out).toBe('\\u001b[2J\ufffd');
  });

  it('does not change a JSON document', async () => {
    const document = { reply: `${EVIL}\n\u009b\u2028`, ['\u001b']: 1 };
    const { out } = await collect({ output: 'json' }, {}, (io) => io.out(JSON.stringify(document, null, 2)));
    expect(out).not.toMatch(OBEYED);
    expect(JSON.parse(out)).toEqual(document);
  });

  it('shows progress and questions without control characters', async () => {
    const stream = new PassThrough() as PassThrough & OutputStream;
    const progress = await startProgress(stream, 'lines', EVIL, { unit: 'keys', everyMs: 0 });
    progress.update(1, EVIL);
    progress.succeed(EVIL);
    expect((stream.read() as Buffer).toString()).not.toMatch(OBEYED);
    const screen = new PassThrough();
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const answer = createPrompts({ input, output: screen, signal: undefined }).text(`which\u001b]0;title\u0007?`, '--which', () => true);
    const shown = await new Promise<string>((resolve) => {
      let seen = '';
      screen.on('data', (piece: Buffer) => {
        seen += piece.toString();
        if (seen.includes('which')) resolve(seen);
      });
    });
    input.write('x\r');
    expect(await answer).toBe('x');
    expect(shown).toContain('which\\u001b]0;title\\u0007?');
  });

  it('keeps table cells on one line', async () => {
    const style = await loadStyle(true);
    const table = finished(await drawTable({ style, tableWidth: Infinity }, [{ title: 'node' }, { title: 'state' }], [[style.good('a'), 'x\nforged ok'], ['bb', 'ok']]));
    expect(table.split('\n')).toHaveLength(3);
    expect(table).toContain('\u001b[32ma\u001b[39m     x\\nforged ok');
  });
});

it('writes text with line ends on one line', () => {
  expect(oneLine('a\r\nb\tc')).toBe('a\\r\\nb\\tc');
  expect(visible('é ☃ 👍')).toBe('é ☃ 👍');
  expect(new ReplyError('ERR a\r\n[OK] forged').message).toBe('ERR a\\n[OK] forged');
});

describe('a node that replies with control sequences', () => {
  const reply = `x${EVIL}\n127.0.0.1:1: forged`;
  const text = Buffer.from(reply).toString('latin1');
  const answers = (_: number, words: readonly string[]): string | undefined => {
    if (/dbsize/i.test(words[0] ?? '')) return `-ERR ${text.replace(/[\r\n]/g, '')}\r\n`;
    return /get/i.test(words[0] ?? '') ? `$${text.length}\r\n${text}\r\n` : undefined;
  };

  it('is printed without control characters: errors, and replies at a terminal', async () => {
    await using cluster = await startFakeCluster(2, 0, answers);
    const seed = `127.0.0.1:${cluster.ports[0] ?? 0}`;
    for (const args of [['info', seed], ['check', seed, '-o', 'table'], ['nodes', seed], ['call', seed, 'dbsize', '--json'], ['call', seed, 'get', 'x', '-o', 'table']]) {
      const { stdout, stderr } = await runCli(args);
      expect(stdout + stderr).not.toMatch(OBEYED);
    }
    const { stdout } = await runCli(['call', seed, 'get', 'x', '--json']);
    expect((JSON.parse(stdout) as { readonly results: readonly { readonly reply: string }[] }).results[0]?.reply).toBe(reply);
    const terminal = openTerminal(['call', seed, 'get', 'x']);
    await terminal.exit;
    expect(terminal.raw()).not.toMatch(/\u009b|\u0008|\u001b\]0/);
    expect(terminal.screen()).toContain('\\u001b[2J');
    expect(terminal.screen()).not.toMatch(/^127\.0\.0\.1:1: forged/m);
  });

  it('reaches a program that reads call with its bytes unchanged', async () => {
    await using cluster = await startFakeCluster(1, 0, answers);
    const { stdout } = await runCli(['call', `127.0.0.1:${cluster.ports[0] ?? 0}`, 'get', 'x']);
    expect(stdout).toContain(reply);
  });
});

// Read-only subcommands against servers with every known kind of bad reply: each ends within its limits with a documented exit
// code, names the node, shows no control character, and never fails with an internal error.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { runProgram } from '../../src/cli/program.js';
import { BAD_REPLIES } from './bad-replies.js';
import { HostileServer, ID, bulk, flood, nodes, ownLine } from './hostile-server.js';
import { finished, runCli, startCli } from '../support/cli.js';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly ms: number;
}

const LIMITS = ['--connect-timeout', '0.4', '--command-timeout', '0.4', '--max-reply', '16MB'];
/** Includes the limits, 5 s more for a reply that keeps arriving, several connections, and a loaded machine. */
const MAX_MS = 30_000;
const CONTROL_CHARACTERS = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]');

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-hostile-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The CLI in this process: hundreds of runs. */
async function run(argv: readonly string[]): Promise<Run> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  let out = '';
  for (const stream of [stdout, stderr]) stream.on('data', (piece: Buffer) => (out += piece.toString()));
  const start = performance.now();
  const code = await runProgram({ argv, streams: { stdin, stdout, stderr }, env: { HOME: folder }, cwd: folder, signal: new AbortController().signal, version: 'test' }, commands);
  return { code, out, ms: performance.now() - start };
}

function readOnly(seed: string, orderly: string): (readonly string[])[] {
  return [
    ['check', seed],
    ['check', seed, '--json'],
    ['check', seed, '-o', 'table', '--search-multiple-owners'],
    ['info', seed],
    ['nodes', seed, '-o', 'table'],
    ['slots', seed, '-o', 'table'],
    ['call', seed, 'cluster', 'info', '--json'],
    ['fix', seed, '--dry-run'],
    ['backup', seed, 'backup', '--dry-run'],
    ['import', orderly, '--from', seed, '--dry-run'],
    ['rebalance', seed, '--dry-run'],
    ['rolling', seed, '--exec', 'ssh {host} true', '--dry-run'],
  ].map((words) => [...words, ...LIMITS]);
}

function judge(words: readonly string[], { code, out, ms }: Run, port: number): void {
  const shown = `${words.join(' ')}\nexit ${code} after ${Math.round(ms)} ms\n${out.slice(0, 3000)}`;
  expect([0, 1, 2, 3], shown).toContain(code);
  expect(ms, shown).toBeLessThan(MAX_MS);
  expect(out, shown).not.toMatch(/TypeError|RangeError|ReferenceError|"code": "INTERNAL"|this is a bug of redis-trib|undefined|\[object Object\]|\n {4}at /);
  expect(out, shown).not.toMatch(CONTROL_CHARACTERS);
  // `slots` lists slots: of a cluster without masters it has no node to name.
  if (code === 3 || (code === 1 && words[0] !== 'slots')) expect(out, shown).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}|"port": ${port}\\b`));
  if (code !== 0) expect(out, shown).not.toBe('');
}

describe('read-only subcommands end with an error message when the server', () => {
  it('has one of at least sixty kinds of bad behaviour', () => {
    expect(BAD_REPLIES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(BAD_REPLIES.map(([name]) => name)).size).toBe(BAD_REPLIES.length);
  });

  it.concurrent.each(BAD_REPLIES)('%s', { timeout: 120_000 }, async (_, behaviour) => {
    await using server = await HostileServer.start(behaviour);
    await using orderly = await HostileServer.start({});
    const all = readOnly(`127.0.0.1:${server.port}`, `127.0.0.1:${orderly.port}`);
    await Promise.all(
      all.map(async (words) => {
        judge(words, await run(words), server.port);
      }),
    );
  });

  it('has left no file on this host', () => {
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a hostile server', () => {
  it('does not end the process with an endless reply: the message names the server, and memory stays bounded', async () => {
    await using server = await HostileServer.start({ answers: { INFO: () => flood(':1\r\n', '*?\r\n') } });
    const child = startCli(['check', `127.0.0.1:${server.port}`, '--max-reply', '64MB'], { env: { NODE_OPTIONS: '--max-old-space-size=256' } });
    const result = await finished(child);
    expect(result).toMatchObject({ code: 3, stderr: expect.stringMatching(new RegExp(`^error: Node 127\\.0\\.0\\.1:${server.port}: the reply would take more than 64 MB of memory\ntry: `)) as string });
  });

  it('with twenty thousand failed members is reported in seconds, with the first of them and a count', async () => {
    const dead = (at: number): string => `${at.toString(16).padStart(40, '0')} 10.0.${at >> 8}.${at & 255}:7000@17000 master,fail - 0 1 1 disconnected`;
    await using server = await HostileServer.start({ answers: { 'CLUSTER NODES': (port) => nodes(ownLine(port), ...Array.from({ length: 20_000 }, (_, at) => dead(at))) } });
    const seed = `127.0.0.1:${server.port}`;
    for (const words of [['check', seed], ['check', seed, '-o', 'table'], ['info', seed], ['nodes', seed, '-o', 'table'], ['slots', seed], ['call', seed, 'ping']]) {
      const start = performance.now();
      const { stdout, stderr } = await runCli(words);
      expect(performance.now() - start, words.join(' ')).toBeLessThan(15_000);
      if (words[0] !== 'nodes' && words[0] !== 'slots') expect(stdout + stderr, words.join(' ')).toContain('and 19,990 more');
    }
  });

  it('inserts no host name chosen by a node into a command: rolling refuses before the first restart', async () => {
    await using server = await HostileServer.start({ answers: { 'CLUSTER NODES': (port) => nodes(ownLine(port, ' 0-16383', 'myself,master', `-oProxyCommand=touch\${IFS}x:${port}@1`)) } });
    for (const more of [['--dry-run'], ['--yes'], ['--yes', '--json']]) {
      const { code, out } = await run(['rolling', `127.0.0.1:${server.port}`, '--exec', 'ssh {host} true', '--allow-downtime', ...more, ...LIMITS]);
      expect(code, out).toBe(1);
      expect(out).toContain('announces a host name that is unsafe in a shell command');
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('cannot mix its replies with those of other servers', async () => {
    await using server = await HostileServer.start({ answers: { PING: () => bulk('PONG\n10.0.0.9:7000: forged') } });
    const { out } = await run(['call', `127.0.0.1:${server.port}`, 'ping', '-o', 'table', ...LIMITS]);
    expect(out).toContain('PONG\n  10.0.0.9:7000: forged');
    expect(ID).toHaveLength(40);
  });
});

// Answers on stdin, as scripts of the predecessors give them: `yes |`, `echo yes |`, `<<< yes`, a file; the end of input and a
// pipe without a writer give exit 2 and the name of the flag.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnswerLines } from '../../src/ui/answer-lines.js';
import { createLinePrompts } from '../../src/ui/line-prompts.js';
import { PassThrough, Readable } from 'node:stream';
import { CLI, cleanEnv, finished, runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

/** Runs a line of sh in which `redis-trib` is the program under test. */
function shell(line: string, cwd: string): Promise<CliResult> {
  return finished(spawn('bash', ['-c', line.replaceAll('redis-trib', `'${process.execPath}' '${CLI}'`)], { cwd, env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] }));
}

describe('lines of stdin', () => {
  const prompts = (text: string) => {
    let shown = '';
    const made = createLinePrompts({ lines: new AnswerLines(Readable.from([text])), print: (piece) => (shown += piece), typed: false, signal: undefined });
    return { made, shown: () => shown };
  };

  it.each([['yes', true], ['y', true], ['YES', true], ['no', false], ['', false], ['yesterday', false]])('the answer "%s" accepts: %s', async (answer, accepted) => {
    const outcome = prompts(`${answer}\n`).made.confirm('Go on?', '--yes').then(() => true, (error: { code: string }) => error.code !== 'DECLINED');
    expect(await outcome).toBe(accepted);
  });

  it('uses one line for each question, however the input is split', async () => {
    const input = new PassThrough();
    const lines = new AnswerLines(input);
    input.write('on');
    const first = lines.line(1000, undefined);
    input.end('e\r\ntwo\nthree');
    expect([await first, await lines.line(1000, undefined), await lines.line(1000, undefined), await lines.line(1000, undefined)]).toEqual(['one', 'two', 'three', undefined]);
  });

  it('ends a question with the name of its flag when an open pipe sends nothing', async () => {
    const lines = new AnswerLines(new PassThrough());
    await expect(lines.line(20, undefined)).rejects.toMatchObject({ code: 'SILENT_INPUT', exitCode: 2 });
  });

  it('Ctrl-C ends the wait for a line', async () => {
    const controller = new AbortController();
    const waiting = new AnswerLines(new PassThrough()).line(0, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
  });
});

describeWithRedis('answers of scripts', () => {
  let empty: RedisNodes;
  let cluster: RedisNodes;
  let folder: string;
  beforeAll(async () => {
    [empty, cluster] = await Promise.all([startClusterNodes(3), startRedisCluster(3)]);
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-answers-'));
  });
  afterAll(async () => {
    await Promise.all([empty.stop(), cluster.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const myId = async (index: number): Promise<string> => {
    await using link = await cluster.nodes[index]!.connect();
    return String(await link.command(['CLUSTER', 'MYID']));
  };
  const QUESTION = "Can I set the above configuration? (type 'yes' to accept): ";

  it('create changes nothing: at the end of input exit 2, with no exit 4; the question is on stdout', async () => {
    const nodes = empty.nodes.map(({ address }) => address).join(' ');
    const silent = await shell(`redis-trib create ${nodes} </dev/null`, folder);
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') as string });
    expect(silent.stdout.endsWith(QUESTION)).toBe(true);
    expect(await shell(`echo no | redis-trib create ${nodes}`, folder)).toMatchObject({ code: 4 });
    await using link = await empty.nodes[0]!.connect();
    expect(await link.command(['CLUSTER', 'INFO'])).toContain('cluster_known_nodes:1');
  });

  it.each(['echo yes |', 'yes |', 'cat answers |'])('create accepts "%s"', async (before) => {
    writeFileSync(join(folder, 'answers'), 'yes\n');
    await using nodes = await startClusterNodes(3);
    const run = await shell(`${before} redis-trib --cluster create ${nodes.nodes.map(({ address }) => address).join(' ')}`, folder);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain(`${QUESTION}>>> `);
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
  });

  it.each(['yes |', 'echo yes |'])('reshard, fix and rebalance accept "%s"', async (before) => {
    const move = `redis-trib --cluster reshard ${cluster.seed} --cluster-from ${await myId(0)} --cluster-to ${await myId(1)} --cluster-slots 3`;
    const run = await shell(`${before} ${move}`, folder);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('Do you want to proceed with the proposed reshard plan (yes/no)? ');
    expect(await shell(`${before} redis-trib --cluster rebalance ${cluster.seed}`, folder)).toMatchObject({ code: 0 });
    expect(await shell(`${before} redis-trib --cluster fix ${cluster.seed}`, folder)).toMatchObject({ code: 0 });
  });

  it('reshard takes all four answers, as typed in the tutorials', async () => {
    const [from, to] = await Promise.all([myId(0), myId(1)]);
    const named = await shell(`printf '5\n${to}\n${from}\ndone\nyes\n' | redis-trib reshard ${cluster.seed}`, folder);
    expect(named).toMatchObject({ code: 0 });
    expect(named.stdout).toContain("How many slots do you want to move (from 1 to 16384)? What is the receiving node ID? Please enter all the source node IDs.\n  Type 'all' to use all the nodes as source nodes for the hash slots.\n  Type 'done' once you entered all the source nodes IDs.\nSource node #1: Source node #2: ");
    expect(named.stdout.match(/Moving slot \d+ from \S+ to /g)).toHaveLength(5);
    const all = await shell(`printf '4\n${to.slice(0, 8)}\nall\nyes\n' | redis-trib reshard ${cluster.seed}`, folder);
    expect(all).toMatchObject({ code: 0 });
    expect(all.stdout.match(/Moving slot \d+ from \S+ to /g)).toHaveLength(4);
    const unknown = await shell(`printf '4\nffffffffff\n' | redis-trib reshard ${cluster.seed}`, folder);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('ffffffffff');
  });

  it('names the flag of a question when the password was read from stdin', async () => {
    const run = await runCli(['reshard', cluster.seed, '--password-file', '-'], { input: '' });
    expect(run.code).not.toBe(0);
  });
});

// Nodes for replication tests: bundled ones in this process and real ones as processes, with one interface; load while they
// replicate, and the comparison of their data in the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { createLogger } from '../../../src/server/runtime/log.js';
import { systemClock } from '../../../src/server/runtime/clock.js';
import { freePort, startRedis, waitFor } from '../../support/redis-server.js';
import type { ServerBuild } from '../../support/server-builds.js';
import { serverBuild } from '../../support/server-builds.js';

export interface Member {
  readonly kind: 'bundled' | 'real';
  readonly port: number;
  readonly link: Connection;
  /** The node itself; null for a real server. */
  readonly node: Node | null;
  log(): string;
  command(...words: (string | number)[]): Promise<unknown>;
  /** Field of INFO. */
  info(field: string, section?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Keeps members and stops them after each test of the file. */
export function keptMembers(): (one: Promise<Member>) => Promise<Member> {
  const members: Member[] = [];
  afterEach(async () => {
    await Promise.all(members.splice(0).map((one) => one.stop()));
  });
  return async (one) => {
    members.push(await one);
    return one;
  };
}

const FAST = { 'repl-diskless-sync-delay': '0', 'repl-ping-replica-period': '1', 'enable-debug-command': 'yes' };

export async function bundled(settings: Readonly<Record<string, string>> = {}, port = 0): Promise<Member> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-repl-'));
  const place = { port: String(port), 'ephemeral-port': 'yes', bind: '127.0.0.1', dir, save: '' };
  const lines: string[] = [];
  const log = createLogger({ clock: systemClock, level: () => 'verbose', write: (line) => void lines.push(line), pid: process.pid, role: () => 'M' });
  const node = await startNode({ config: new Config({ ...place, ...FAST, ...settings }), log });
  const stop = async (): Promise<void> => {
    await node.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return member('bundled', node.port, node, () => lines.join(''), stop, settings['requirepass']);
}

export async function real(settings: Readonly<Record<string, string>> = {}, build: ServerBuild = serverBuild('redis-7.0')): Promise<Member> {
  const given = Object.entries({ ...FAST, ...settings }).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
  const server = await startRedis(given, [build.server]);
  return member('real', server.port, null, () => server.log(), () => server.stop(), settings['requirepass']);
}

async function member(kind: Member['kind'], port: number, node: Node | null, log: () => string, stop: () => Promise<void>, password?: string): Promise<Member> {
  const link = await Connection.connect({ host: '127.0.0.1', port, ...(password === undefined ? {} : { password }) });
  const self: Member = {
    kind,
    port,
    link,
    node,
    log,
    command: (...words) => link.command(words),
    async info(field, section = 'replication') {
      const text = (await link.command(['INFO', section])) as string;
      return new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
    },
    async stop() {
      link.close();
      await stop();
    },
  };
  return self;
}

export const start = (kind: Member['kind'], settings: Readonly<Record<string, string>> = {}): Promise<Member> =>
  kind === 'bundled' ? bundled(settings) : real(settings);

export const follow = (replica: Member, master: Member): Promise<unknown> => replica.command('REPLICAOF', '127.0.0.1', master.port);

/** Waits until the link is up and everything the master has produced is applied. */
export async function inStep(replica: Member, master: Member, ms = 20_000): Promise<void> {
  const look = async (): Promise<boolean> => {
    if ((await replica.info('master_link_status')) !== 'up') return false;
    return (await replica.info('slave_repl_offset')) === (await master.info('master_repl_offset'));
  };
  try {
    await waitFor(look, 'the replica to be in step', ms);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nreplica:\n${replica.log().slice(-3000)}\nmaster:\n${master.log().slice(-3000)}`);
  }
}

export const digest = async (one: Member): Promise<string> => String(await one.command('DEBUG', 'DIGEST'));

/** Writes of all types and databases; the same ones for the same `round`. */
export function someWrites(round: number, databases = 2): (string | number)[][] {
  const at = 4_102_444_800_000;
  const commands: (string | number)[][] = [];
  for (let db = 0; db < databases; db++) {
    const k = (name: string): string => `${name}:${round % 50}`;
    commands.push(
      ['SELECT', db],
      ['SET', k('s'), `value ${round}`],
      ['SETEX', k('volatile'), 1000, round],
      ['INCRBYFLOAT', k('f'), '0.1'],
      ['RPUSH', k('l'), round, `item-${round}`],
      ['LTRIM', k('l'), -20, -1],
      ['HSET', k('h'), `f${round}`, round, 'g', 'x'.repeat(round % 90)],
      ['SADD', k('set'), round, `m${round}`],
      ['SPOP', k('set')],
      ['ZADD', k('z'), round / 3, `m${round}`, '-inf', 'low'],
      ['PEXPIREAT', k('z'), at],
      ['MULTI'],
      ['INCR', k('n')],
      ['SET', k('t'), round],
      ['EXEC'],
    );
    if (round % 10 === 0) commands.push(['SET', k('big'), String(round % 10).repeat(40_000)], ['DEL', k('h')], ['PERSIST', k('volatile')]);
  }
  return commands;
}

/** Writes to a master until it is stopped. */
export class Load {
  private stopped = false;
  rounds = 0;
  private readonly running: Promise<void>;

  constructor(private readonly to: Member, private readonly pauseMs = 2) {
    this.running = this.run();
  }

  private async run(): Promise<void> {
    const link = await Connection.connect({ host: '127.0.0.1', port: this.to.port });
    while (!this.stopped) {
      await link.pipeline(someWrites(this.rounds++));
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    link.close();
  }

  /** Ends after at least `rounds` rounds. */
  async stop(rounds = 1): Promise<void> {
    await waitFor(() => this.rounds >= rounds, 'the load');
    this.stopped = true;
    await this.running;
  }
}

export { freePort, waitFor };

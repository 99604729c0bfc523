// The real servers that tests run against. `redis-server` of the PATH is the ordinary one; REDIS_TRIB_TEST_SERVER names another
// that test/servers/fetch.sh has unpacked, so that the same suites run on each. REDIS_TRIB_TEST_DATABASES gives every cluster
// node so many databases, where the server has them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type ServerName = 'redis-7.0' | 'redis-8.0' | 'valkey-8.1' | 'valkey-9.1';

export interface ServerBuild {
  readonly name: ServerName;
  readonly server: string;
  readonly cli: string;
  readonly benchmark: string;
  readonly valkey: boolean;
  /** Version in the manner of `7.0`, as a number that can be compared within one family. */
  readonly version: number;
}

const PLACE = process.env['REDIS_TRIB_SERVERS'] ?? join(homedir(), '.cache', 'redis-trib', 'servers');

function unpacked(name: ServerName): ServerBuild {
  const program = (file: string): string => join(PLACE, name, 'bin', file);
  const [family = '', version = ''] = name.split('-');
  return { name, server: program('server'), cli: program('cli'), benchmark: program('benchmark'), valkey: family === 'valkey', version: Number(version) };
}

const ALL: readonly ServerBuild[] = [
  { name: 'redis-7.0', server: 'redis-server', cli: 'redis-cli', benchmark: 'redis-benchmark', valkey: false, version: 7 },
  unpacked('redis-8.0'),
  unpacked('valkey-8.1'),
  unpacked('valkey-9.1'),
];

function isInstalled({ server }: ServerBuild): boolean {
  return server.includes('/') ? existsSync(server) : spawnSync(server, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** All servers that tests know, installed or not. */
export const serverBuilds: readonly ServerBuild[] = ALL;

/** The servers of this machine. */
export const installedBuilds: readonly ServerBuild[] = ALL.filter(isInstalled);

/** Throws when there is no server of that name. */
export function serverBuild(name: string): ServerBuild {
  const build = ALL.find((one) => one.name === name);
  if (build === undefined) throw new Error(`REDIS_TRIB_TEST_SERVER=${name}: no such server; there are ${ALL.map((one) => one.name).join(', ')}`);
  return build;
}

/** What plain suites run on. */
export const currentBuild: ServerBuild = serverBuild(process.env['REDIS_TRIB_TEST_SERVER'] ?? 'redis-7.0');

/** Whether the server that plain suites run on is on this machine. */
export const currentInstalled: boolean = installedBuilds.includes(currentBuild);

/** Databases of every cluster node in plain suites: 1, or REDIS_TRIB_TEST_DATABASES when the server supports it. */
export const currentDatabases: number = databasesOf(currentBuild, Number(process.env['REDIS_TRIB_TEST_DATABASES'] ?? 1));

/** Replicas of each master in suites that accept any number: REDIS_TRIB_TEST_REPLICAS, by default 0. */
export const currentReplicas: number = Number(process.env['REDIS_TRIB_TEST_REPLICAS'] ?? 0);

/** Valkey has several databases in cluster mode since version 9. */
export function databasesOf(build: ServerBuild, wanted: number): number {
  return build.valkey && build.version >= 9 ? wanted : 1;
}

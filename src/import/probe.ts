// Probes whether the source reaches a target, and whether that is the right server: on the source's host or network the
// announced address may lead to another server. Copies one key with a short timeout before many keys are sent.
import { isIP } from 'node:net';
import { ExitCode, TribError } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';
import type { DirectChannel } from './direct.js';
import type { ImportSettings } from './options.js';
import { outOfReach, refusal } from './options.js';
import type { ImportRoute, ImportRoutes } from './routes.js';
import type { ImportSource } from './source.js';

/** Milliseconds that the probe may block the source when a target is unreachable. */
const PROBE_MS = 1500;

const loopback = (host: string): boolean => host === '::1' || host === 'localhost' || /^127\./.test(host);

/** Why MIGRATE must not be tried, or undefined. Versions: cli.md 5.7. */
export function whyNotDirect(source: ImportSource, route: ImportRoute, settings: ImportSettings): string | undefined {
  const { username, password } = route.credentials;
  if (settings.via === 'client') return 'as asked';
  if (source.isReplica) return 'the source is a replica, which refuses MIGRATE';
  if (!source.atLeast([3, 0, 6])) return `MIGRATE of version ${source.version} does not support several keys`;
  if (password !== undefined && !source.atLeast([4, 0, 7])) return `MIGRATE of version ${source.version} does not support a password`;
  if (username !== undefined && !source.atLeast([6, 0, 0])) return `MIGRATE of version ${source.version} does not support a user`;
  if ([username, password].some((word) => word?.toLowerCase() === 'keys')) return 'MIGRATE would read a user or password "keys" as one of its own words';
  if (loopback(route.host) && isIP(source.remoteAddress) !== 0 && !loopback(source.remoteAddress)) return `it announces ${route.host}, which is another host for the source`;
  return undefined;
}

/** The source itself refuses MIGRATE: not permitted, renamed, or on a replica. */
export function sourceRefuses(error: ReplyError): boolean {
  return /^(NOPERM|READONLY|ERR unknown command)/i.test(error.message);
}

/**
 * Copies the first of the keys that still exists and checks whether it has arrived. Sets `route.method`; returns the copied key,
 * if any. Throws TribError WRONG_TARGET, or IMPORT_REFUSED for credentials.
 */
export async function probe(channel: DirectChannel, routes: ImportRoutes, route: ImportRoute, keys: readonly string[], settings: ImportSettings): Promise<string | undefined> {
  let lost = 0;
  for (const key of keys) {
    const { error, present } = await channel.send(route, [key], { copy: true, timeoutMs: Math.min(PROBE_MS, settings.timeoutMs) });
    if (error === undefined && present === 0) continue;
    const reason = error?.message ?? '';
    if (error !== undefined && (/\bIOERR\b/.test(reason) || sourceRefuses(error))) {
      if (settings.via === 'source') throw new TribError('TARGET_OUT_OF_REACH', `The source cannot send keys to ${route.host}:${route.port}: ${reason}`, { exitCode: ExitCode.failed, hint: 'without --via source the keys are sent through this host' });
      route.method = 'relay';
      settings.emit({ kind: 'relay', target: { id: route.id, name: route.name }, reason });
      return undefined;
    }
    if (/\b(NOAUTH|WRONGPASS|NOPERM)\b/.test(reason)) throw refusal(route.name, reason, error);
    const arrived = (error !== undefined && !/\bBUSYKEY\b/.test(reason)) || (await isThere(routes, route, key, channel.database));
    if (arrived) {
      route.method = 'direct';
      return error === undefined ? key : undefined;
    }
    if (++lost === 2) break; // The first key may have expired meanwhile.
  }
  if (lost > 0) throw wrongTarget(route);
  return undefined;
}

/** Whether the target has the key. Also true for a redirect or a target that is unreachable; the import handles these. */
async function isThere(routes: ImportRoutes, route: ImportRoute, key: string, database: number): Promise<boolean> {
  try {
    const connection = await routes.connection(route, database);
    const [there] = await connection.pipeline([['EXISTS', key]]);
    return there !== 0;
  } catch (error) {
    if (outOfReach(error)) return true;
    throw error;
  }
}

function wrongTarget({ host, port, name }: ImportRoute): TribError {
  return new TribError('WRONG_TARGET', `${host}:${port} leads to different servers from the source and from redis-trib: a key sent there did not arrive at ${name}`, {
    hint: 'use --via client, which sends the keys through this host, or announce addresses that are valid everywhere',
  });
}

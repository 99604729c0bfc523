// Does the source reach a target, and is it the right one there? Found out with a copy of one key and a short timeout,
// before thousands of keys depend on it: an address that only makes sense elsewhere may lead to somebody else's server.
import { isIP } from 'node:net';
import { ExitCode, TribError } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';
import type { DirectLane } from './direct.js';
import type { ImportSettings } from './options.js';
import { outOfReach, refusal } from './options.js';
import type { Route, Routes } from './routes.js';
import type { Source } from './source.js';

/** Milliseconds the source may stand still to find out that a target is out of its reach. */
const PROBE_MS = 1500;

const loopback = (host: string): boolean => host === '::1' || host === 'localhost' || /^127\./.test(host);

/** Why MIGRATE is not even to be tried, or undefined. Versions: cli 5.7. */
export function whyNotDirect(source: Source, route: Route, settings: ImportSettings): string | undefined {
  const { username, password } = route.credentials;
  if (settings.via === 'client') return 'as asked';
  if (source.isReplica) return 'the source is a replica, which may not run MIGRATE';
  if (!source.atLeast([3, 0, 6])) return `version ${source.version} knows no MIGRATE of several keys`;
  if (password !== undefined && !source.atLeast([4, 0, 7])) return `MIGRATE of version ${source.version} takes no password`;
  if (username !== undefined && !source.atLeast([6, 0, 0])) return `MIGRATE of version ${source.version} takes no user`;
  if ([username, password].some((word) => word?.toLowerCase() === 'keys')) return 'servers take a user or password "keys" for a word of MIGRATE';
  if (loopback(route.host) && isIP(source.remoteAddress) !== 0 && !loopback(source.remoteAddress)) return `it announces ${route.host}, which means another machine to the source`;
  return undefined;
}

/** An error of the source's own about MIGRATE: not permitted, renamed, or not on a replica. */
export function sourceRefuses(error: ReplyError): boolean {
  return /^(NOPERM|READONLY|ERR unknown command)/i.test(error.message);
}

/**
 * Copies the first of the keys that still exists, and looks whether it has arrived. Sets `route.way`; returns the key
 * that was copied, if one was. Throws TribError WRONG_TARGET, or IMPORT_REFUSED for credentials.
 */
export async function probe(lane: DirectLane, routes: Routes, route: Route, keys: readonly string[], settings: ImportSettings): Promise<string | undefined> {
  let lost = 0;
  for (const key of keys) {
    const { error, present } = await lane.send(route, [key], { copy: true, timeoutMs: Math.min(PROBE_MS, settings.timeoutMs) });
    if (error === undefined && present === 0) continue;
    const reason = error?.message ?? '';
    if (error !== undefined && (/\bIOERR\b/.test(reason) || sourceRefuses(error))) {
      if (settings.via === 'source') throw new TribError('TARGET_OUT_OF_REACH', `The source cannot send keys to ${route.host}:${route.port}: ${reason}`, { exitCode: ExitCode.failed, hint: 'without --via source the keys go through this machine' });
      route.way = 'relay';
      settings.emit({ kind: 'relay', target: { id: route.id, name: route.name }, reason });
      return undefined;
    }
    if (/\b(NOAUTH|WRONGPASS|NOPERM)\b/.test(reason)) throw refusal(route.name, reason, error);
    const arrived = (error !== undefined && !/\bBUSYKEY\b/.test(reason)) || (await isThere(routes, route, key));
    if (arrived) {
      route.way = 'direct';
      return error === undefined ? key : undefined;
    }
    if (++lost === 2) break; // one may have expired on the way
  }
  if (lost > 0) throw wrongTarget(route);
  return undefined;
}

/** Also true for a redirect or a target that has just gone: the import will meet that again, and knows what to do. */
async function isThere(routes: Routes, route: Route, key: string): Promise<boolean> {
  try {
    const connection = await routes.connection(route);
    const [there] = await connection.pipeline([['EXISTS', key]]);
    return there !== 0;
  } catch (error) {
    if (outOfReach(error)) return true;
    throw error;
  }
}

function wrongTarget({ host, port, name }: Route): TribError {
  return new TribError('WRONG_TARGET', `${host}:${port} is another server for the source than for us: a key it sent there did not arrive at ${name}`, {
    hint: 'use --via client, which sends the keys through this machine, or give the cluster addresses that mean the same everywhere',
  });
}

// Commands on whole hashes: HGETALL, HKEYS, HVALS, HRANDFIELD, HSCAN.
import type { Args } from '../../exec/command.js';
import { MapReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { collectionScan } from '../collection-scan.js';
import { COUNT_RANGE, pickRows, randomCountArg } from '../random-picks.js';

/** HRANDFIELD: a larger count would overflow 64 bits when doubled for WITHVALUES. */
const HALF = 4_611_686_018_427_387_903n;

export const hgetall = ({ db }: CommandContext, args: Args): ServerReply => new MapReply(db.hashForRead(args[1]!)?.entries() ?? []);
export const hkeys = ({ db }: CommandContext, args: Args): ServerReply => db.hashForRead(args[1]!)?.fields() ?? [];
export const hvals = ({ db }: CommandContext, args: Args): ServerReply => db.hashForRead(args[1]!)?.values() ?? [];

export function hrandfield({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) {
    const hash = db.hashForRead(args[1]!);
    return hash ? hash.fieldAt(node.random.below(hash.size)) : null;
  }
  const given = randomCountArg(args[2]);
  const withValues = args.length === 4 && args[3]!.toUpperCase() === 'WITHVALUES';
  if (args.length > 4 || (args.length === 4 && !withValues)) throw SYNTAX;
  if (withValues && (given < -HALF || given > HALF)) throw COUNT_RANGE;
  const hash = db.hashForRead(args[1]!);
  if (hash === undefined) return [];
  if (!withValues) return pickRows(node.random, hash.size, Number(given), 1, (at) => [hash.fieldAt(at)]);
  return pickRows(node.random, hash.size, Number(given), 2, (at) => [hash.fieldAt(at), hash.valueAt(at)]);
}

export function hscan({ db }: CommandContext, args: Args): ServerReply {
  const hash = (): ReturnType<typeof db.hashForRead> => db.hashForRead(args[1]!);
  return collectionScan(args, 2, hash, (out) => out);
}

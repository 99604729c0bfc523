// Hashes as a whole: HGETALL, HKEYS, HVALS, HRANDFIELD, HSCAN.
import { ErrorReply, MapReply, PairsReply } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../dispatch/context.js';
import { SYNTAX } from '../dispatch/errors.js';
import { collectionScan } from './collection-scan.js';
import { pickPositions, randomCountArg } from './random-picks.js';

type Args = readonly string[];

/** HRANDFIELD with a count beyond half the range of a 64-bit integer could not be doubled for WITHVALUES. */
const COUNT_RANGE = new ErrorReply('ERR value is out of range');
const HALF = 4_611_686_018_427_387_903n;

export const hgetall = ({ db }: CommandContext, args: Args): ServerReply => new MapReply(db.hash(args[1]!)?.entries() ?? []);
export const hkeys = ({ db }: CommandContext, args: Args): ServerReply => db.hash(args[1]!)?.fields() ?? [];
export const hvals = ({ db }: CommandContext, args: Args): ServerReply => db.hash(args[1]!)?.values() ?? [];

export function hrandfield({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) {
    const hash = db.hash(args[1]!);
    return hash ? hash.fieldAt(node.random.below(hash.size)) : null;
  }
  const given = randomCountArg(args[2]);
  const withValues = args.length === 4 && args[3]!.toUpperCase() === 'WITHVALUES';
  if (args.length > 4 || (args.length === 4 && !withValues)) throw SYNTAX;
  if (withValues && (given < -HALF || given > HALF)) throw COUNT_RANGE;
  const hash = db.hash(args[1]!);
  if (hash === undefined) return [];
  const positions = pickPositions(node.random, hash.size, Number(given));
  if (!withValues) return positions.map((at) => hash.fieldAt(at));
  return new PairsReply(positions.flatMap((at) => [hash.fieldAt(at), hash.valueAt(at)]));
}

export function hscan({ db }: CommandContext, args: Args): ServerReply {
  const hash = (): ReturnType<typeof db.hash> => db.hash(args[1]!);
  return collectionScan(args, 2, hash, (out) => out);
}

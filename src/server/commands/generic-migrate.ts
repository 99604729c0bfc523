// MIGRATE: what was asked, and which words are keys. The moving itself is migrate/transfer.ts.
import { ErrorReply, Simple } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { int64Arg } from '../dispatch/arguments.js';
import type { CommandContext } from '../dispatch/context.js';
import { SYNTAX } from '../dispatch/errors.js';
import { migrateKeys as moveKeys } from '../migrate/transfer.js';

type Args = readonly string[];

const NOKEY = new Simple('NOKEY');
const KEY_AND_KEYS = new ErrorReply('ERR When using MIGRATE KEYS option, the key argument must be set to the empty string');
const IN_TRANSACTION = new ErrorReply('ERR MIGRATE cannot run inside a transaction on this node');
const DEFAULT_TIMEOUT_MS = 1000;
const FIRST_OPTION = 6;

interface MigrateOptions {
  copy: boolean;
  replace: boolean;
  auth: readonly string[] | null;
  keys: readonly string[];
}

function parseOptions(args: Args): MigrateOptions {
  const options: MigrateOptions = { copy: false, replace: false, auth: null, keys: [args[3]!] };
  for (let i = FIRST_OPTION; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    const left = args.length - 1 - i;
    if (word === 'copy') options.copy = true;
    else if (word === 'replace') options.replace = true;
    else if (word === 'auth' && left >= 1) options.auth = [args[++i]!];
    else if (word === 'auth2' && left >= 2) options.auth = [args[++i]!, args[++i]!];
    else if (word === 'keys') {
      if (args[3] !== '') throw KEY_AND_KEYS;
      return { ...options, keys: args.slice(i + 1) };
    } else throw SYNTAX;
  }
  return options;
}

/** Positions of the keys: word 3, or what follows KEYS when that word is empty; null when both are given. */
export function migrateKeys(args: Args): number[] | null {
  for (let i = FIRST_OPTION; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'keys' && args[3] !== '') return null;
    if (word === 'keys') return Array.from({ length: args.length - i - 1 }, (_, k) => i + 1 + k);
    if (word === 'auth') i += 1;
    else if (word === 'auth2') i += 2;
  }
  return [3];
}

export function migrate(ctx: CommandContext, args: Args): ServerReply | Promise<ServerReply> {
  const { db, node } = ctx;
  const options = parseOptions(args);
  const timeout = Number(int64Arg(args[5]));
  const target = Number(int64Arg(args[4]));
  // The answer comes later than EXEC's may.
  if (ctx.client.executing) throw IN_TRANSACTION;
  const keys = options.keys.filter((key) => db.get(key) !== undefined);
  if (keys.length === 0) return NOKEY;
  const port = /^\d{1,5}$/.test(args[2]!) ? Number(args[2]) : 0;
  return moveKeys(node, db, {
    ...options,
    host: args[1]!,
    port: port > 65_535 ? 0 : port,
    db: target,
    timeoutMs: timeout > 0 ? timeout : DEFAULT_TIMEOUT_MS,
    keys,
    verb: node.cluster === null ? 'RESTORE' : 'RESTORE-ASKING',
  });
}

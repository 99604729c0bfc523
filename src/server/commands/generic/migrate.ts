// MIGRATE: its arguments and key positions. The transfer is in migrate/transfer.ts.
import type { Args } from '../../exec/command.js';
import { ErrorReply, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { migrateKeys as moveKeys } from '../../migrate/transfer.js';

const NOKEY = new Simple('NOKEY');
const KEY_AND_KEYS = new ErrorReply('ERR When using MIGRATE KEYS option, the key argument must be set to the empty string');
const IN_TRANSACTION = new ErrorReply('ERR MIGRATE cannot run inside a transaction on this node');
const DEFAULT_TIMEOUT_MS = 1000;
const FIRST_OPTION = 6;

interface MigrateArguments {
  copy: boolean;
  replace: boolean;
  auth: readonly string[] | null;
  keys: readonly string[];
}

function parseOptions(args: Args): MigrateArguments {
  const options: MigrateArguments = { copy: false, replace: false, auth: null, keys: [args[3]!] };
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

/** Positions of the keys: word 3, or the words after KEYS when that word is empty; null when both are given. */
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

/** The words after AUTH and AUTH2. */
export function migrateSecrets(args: Args): number[] {
  const secrets: number[] = [];
  for (let i = FIRST_OPTION; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'keys') break;
    for (let follows = word === 'auth' ? 1 : word === 'auth2' ? 2 : 0; follows > 0 && i + 1 < args.length; follows--) secrets.push(++i);
  }
  return secrets;
}

export function migrate(ctx: CommandContext, args: Args): ServerReply | Promise<ServerReply> {
  const { db, node } = ctx;
  const options = parseOptions(args);
  const timeout = Number(int64Arg(args[5]));
  const target = Number(int64Arg(args[4]));
  // EXEC replies at once, and MIGRATE only after the target has.
  if (ctx.client.executing) throw IN_TRANSACTION;
  const keys = options.keys.filter((key) => db.lookupRead(key) !== undefined);
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

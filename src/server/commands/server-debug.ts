// DEBUG: what tests and people who look for a fault ask of a node. Subcommands that look into C structures are not here.
import { BigNumberReply, BooleanReply, DoubleReply, ErrorReply, MapReply, OK, PushReply, SetReply, Simple, VerbatimReply } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { rangedArg } from '../dispatch/arguments.js';
import type { CommandContext } from '../dispatch/context.js';
import { NO_SUCH_KEY, subcommandSyntax } from '../dispatch/errors.js';
import { dumpBuffer } from '../persistence/rdb/dump.js';
import { encodeString, encodingName } from '../types/value.js';
import { datasetDigest, valueDigest } from './dataset-digest.js';
import { isLocal } from './server-config.js';

type Args = readonly string[];

const FORBIDDEN = new ErrorReply(
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, ' +
    'otherwise you need to set this option in the configuration file, and then restart the server.',
);
/** What a payload holds besides the value: its type, version and checksum. */
const PAYLOAD_FRAME = 11;

interface Subcommand {
  /** Words of the request, DEBUG and the subcommand included. */
  readonly min: number;
  readonly max: number;
  readonly usage: string;
  readonly summary: string;
  run(ctx: CommandContext, args: Args): ServerReply;
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  digest: { min: 2, max: 2, usage: 'DIGEST', summary: 'A hash of all data, equal where data is equal.', run: ({ keyspace }) => new Simple(datasetDigest(keyspace)) },
  'digest-value': {
    min: 3, max: Infinity, usage: 'DIGEST-VALUE <key> [<key> ...]', summary: 'A hash of each value.',
    run: ({ db }, args) => args.slice(2).map((key) => new Simple(valueDigest(db, key))),
  },
  error: { min: 3, max: 3, usage: 'ERROR <string>', summary: 'Replies with an error of this text.', run: (_ctx, args) => new ErrorReply(args[2]!) },
  log: {
    min: 3, max: 3, usage: 'LOG <message>', summary: "Writes a line to the node's log.",
    run: ({ node }, args) => {
      node.log.warning(`DEBUG LOG: ${args[2]!}`);
      return OK;
    },
  },
  object: { min: 3, max: 4, usage: 'OBJECT <key>', summary: 'How a value is stored.', run: debugObject },
  populate: { min: 3, max: 5, usage: 'POPULATE <count> [<prefix>] [<size>]', summary: 'Creates string keys named key:<n>.', run: populate },
  protocol: { min: 3, max: 3, usage: 'PROTOCOL <type>', summary: 'Replies with a test value of the type.', run: (_ctx, args) => protocolSample(args[2]!) },
  'set-active-expire': {
    min: 3, max: 3, usage: 'SET-ACTIVE-EXPIRE <0|1>', summary: 'Whether expired keys are deleted without being accessed.',
    run: ({ node }, args) => {
      node.activeExpiry.enabled = Number.parseInt(args[2]!, 10) === 1;
      return OK;
    },
  },
  sleep: { min: 3, max: 3, usage: 'SLEEP <seconds>', summary: 'Stops the node for a while. Decimals allowed.', run: sleep },
};

export function debug(ctx: CommandContext, args: Args): ServerReply {
  const allowed = ctx.node.config.text('enable-debug-command');
  if (allowed === 'no' || (allowed === 'local' && !isLocal(ctx.client.transport.remote))) throw FORBIDDEN;
  const word = args[1]!.toLowerCase();
  if (word === 'help') return help();
  const subcommand = Object.hasOwn(SUBCOMMANDS, word) ? SUBCOMMANDS[word] : undefined;
  if (!subcommand || args.length < subcommand.min || args.length > subcommand.max) throw subcommandSyntax('debug', args[1]!);
  return subcommand.run(ctx, args);
}

function help(): ServerReply {
  const lines = Object.values(SUBCOMMANDS).flatMap(({ usage, summary }) => [usage, `    ${summary}`]);
  return ['DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:', ...lines, 'HELP', '    Prints this help.'].map((line) => new Simple(line));
}

/** In the form that clients pick apart; there are no addresses to show. */
function debugObject({ db, now }: CommandContext, args: Args): ServerReply {
  const key = args[2]!;
  const value = db.peek(key);
  if (value === undefined) throw NO_SUCH_KEY;
  const idle = db.idleSeconds(key);
  const lru = (Math.floor(now / 1000) - idle) % (1 << 24);
  const bytes = dumpBuffer(value).length - PAYLOAD_FRAME;
  return new Simple(`Value at:(nil) refcount:1 encoding:${encodingName(value)} serializedlength:${bytes} lru:${lru} lru_seconds_idle:${idle}`);
}

/** The whole node stands still, its cluster bus too: that is the use of it. */
function sleep(_ctx: CommandContext, args: Args): ServerReply {
  const seconds = Number.parseFloat(args[2]!);
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  return OK;
}

/** Keys that exist are left alone; a size pads or cuts values of the form value:<n>. */
function populate({ db, keyspace }: CommandContext, args: Args): ServerReply {
  const count = rangedArg(args[2], 0, Number.MAX_SAFE_INTEGER);
  const prefix = args[3] ?? 'key';
  const size = args[4] === undefined ? 0 : rangedArg(args[4], 0, 512 * 1024 * 1024);
  for (let i = 0; i < count; i++) {
    const key = `${prefix}:${i}`;
    if (db.peek(key) !== undefined) continue;
    const text = `value:${i}`;
    db.put(key, encodeString(size === 0 ? text : text.slice(0, size).padEnd(size, '\0')));
    db.touch(key);
    keyspace.dirty++;
  }
  return OK;
}

function protocolSample(type: string): ServerReply {
  switch (type.toLowerCase()) {
    case 'string': return 'Hello World';
    case 'integer': return 12345;
    case 'double': return new DoubleReply('3.141');
    case 'null': return null;
    case 'array': return [0, 1, 2];
    case 'set': return new SetReply([0, 1, 2]);
    case 'map': return new MapReply([0, new BooleanReply(false), 1, new BooleanReply(true), 2, new BooleanReply(false)]);
    case 'push': return new PushReply(['server-cpu-usage', 42]);
    case 'verbatim': return new VerbatimReply('This is a verbatim\nstring');
    case 'true': return new BooleanReply(true);
    case 'false': return new BooleanReply(false);
    case 'bignum': return new BigNumberReply('1234567999999999999999999999999999999');
    default:
      throw new ErrorReply('ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|attrib|push|verbatim|true|false');
  }
}

// Options about the instance that `import` takes keys from: its address, credentials and TLS are its own, nothing of the
// cluster's is tried on it (cli.md 1.3, 5.7). From options to what connects.
import type { ConnectionOptions } from '../client/connection.js';
import { TribError } from '../errors.js';
import { parsePlaces, type Places } from './address.js';
import { tlsSettings } from './connection-settings.js';
import type { CommandContext } from './define.js';
import { firstLine, readFile } from './secret-files.js';
import { flag, text, usageError, type OptionValues } from './options.js';

export const sourceOptions = {
  from: text('HOST:PORT', 'the instance whose keys are taken; also a redis:// or rediss:// URL, whose /N is --db N'),
  fromUser: text('NAME', 'ACL user at the source'),
  fromPass: text('PASSWORD', 'password of the source (better: --from-password-file, --from-askpass, REDIS_TRIB_FROM_AUTH)', { env: ['REDIS_TRIB_FROM_AUTH'], aliases: ['from-password'] }),
  fromPasswordFile: text('FILE', 'read the password of the source from a file'),
  fromAskpass: flag('ask for the password of the source without echo'),
  fromTls: flag('speak TLS to the source'),
  fromCacert: text('FILE', 'CA certificates that the source is verified with'),
  fromCert: text('FILE', 'client certificate for the source'),
  fromKey: text('FILE', 'private key of that certificate'),
  fromSni: text('HOST', 'server name of the source for TLS'),
  fromInsecure: flag('accept any certificate of the source'),
} as const;

export type SourceValues = OptionValues<typeof sourceOptions>;

function sourceAddress(from: string | undefined): Places & { readonly host: string; readonly port: number } {
  if (from === undefined) throw usageError("[ERR] Option '--cluster-from' is required for subcommand 'import'.", 'give the source with --from HOST:PORT');
  let seed: Places;
  try {
    seed = parsePlaces(from);
  } catch (error) {
    if (error instanceof TribError && error.code === 'BAD_DATABASE') throw error;
    throw usageError('[ERR] Invalid --cluster-from host. You need to pass a valid address (ie. 120.0.0.1:7000).', `write --from HOST:PORT, not "${from}"`);
  }
  const [address, another] = seed.addresses;
  if (address === undefined || another !== undefined) throw usageError('--from takes one address', 'keys are imported from one instance at a time');
  return { ...seed, ...address };
}

async function sourcePassword(values: SourceValues, context: CommandContext): Promise<string | undefined> {
  if (values.fromPass !== undefined) return values.fromPass;
  if (values.fromPasswordFile !== undefined) return firstLine(readFile(context.cwd, values.fromPasswordFile, 'password file of the source').toString('utf8'));
  if (!values.fromAskpass) return undefined;
  return (await context.io.prompts(context.signal)).password('Please input import source node password:', '--from-password-file FILE or REDIS_TRIB_FROM_AUTH');
}

export interface SourceEntrance {
  /** How to connect, but for timeouts: those are the cluster's. */
  readonly connection: ConnectionOptions;
  /** As in --db: a number, `all`, or undefined where nobody said. */
  readonly database: string | undefined;
}

/** `--db` and the database of the URL must not contradict each other. */
function chosenDatabase(typed: string | undefined, ofUrl: number | undefined): string | undefined {
  if (ofUrl === undefined) return typed;
  if (typed !== undefined && !(/^\d+$/.test(typed) && Number(typed) === ofUrl)) throw usageError(`--db ${typed} contradicts database ${ofUrl} of the URL`, `give one of both: --db ${typed}, or --from …/${ofUrl}`);
  return String(ofUrl);
}

/** How to enter the source. `db`: what --db said. Throws TribError with exit code 2 for what is missing, wrong or cannot be read. */
export async function sourceEntrance(values: SourceValues, db: string | undefined, context: CommandContext): Promise<SourceEntrance> {
  const from = sourceAddress(values.from);
  const database = chosenDatabase(db, from.database);
  if ((values.fromCert === undefined) !== (values.fromKey === undefined)) throw usageError('--from-cert and --from-key go together');
  const password = (await sourcePassword(values, context)) ?? from.password;
  const username = values.fromUser ?? from.username;
  if (username !== undefined && password === undefined) throw usageError(`--from-user ${username} needs a password`, 'give it with REDIS_TRIB_FROM_AUTH, --from-password-file FILE or --from-askpass');
  const { fromCacert: cacert, fromCert: cert, fromKey: key, fromSni: sni, fromInsecure: insecure } = values;
  const tls = values.fromTls || from.tls === true;
  const connection: ConnectionOptions = {
    host: from.host,
    port: from.port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: tlsSettings({ cacert, cert, key, sni, insecure, cacertdir: undefined, tlsCiphers: undefined, tlsCiphersuites: undefined }, context.cwd) } : {}),
  };
  return { connection, database };
}

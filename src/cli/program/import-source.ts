// Options about the instance that `import` takes keys from. Its address, credentials and TLS have their own options;
// credentials of the cluster are never sent to it (cli.md 1.3, 5.7).
import type { ConnectionOptions } from '../../client/connection.js';
import { TribError } from '../../errors.js';
import { parseServerAddresses, type ServerAddresses } from '../options/address.js';
import { tlsSettings } from '../config/connection-settings.js';
import { loginPassword } from '../config/login-password.js';
import type { SubcommandContext } from './define.js';
import { firstLine, readFile } from '../config/secret-files.js';
import { flag, text, usageError, type OptionValues } from '../options/options.js';

export const sourceOptions = {
  from: text('HOST:PORT', 'the instance to import from; also a redis:// or rediss:// URL, whose /N is --db N'),
  fromUser: text('NAME', 'ACL user at the source'),
  fromPass: text('PASSWORD', 'password of the source (better: --from-password-file, --from-askpass, REDIS_TRIB_FROM_AUTH)', { env: ['REDIS_TRIB_FROM_AUTH'], aliases: ['from-password'] }),
  fromPasswordFile: text('FILE', 'read the password of the source from a file'),
  fromAskpass: flag('ask for the password of the source, without echo'),
  fromTls: flag('use TLS to connect to the source'),
  fromCacert: text('FILE', 'CA certificates for verifying the source'),
  fromCert: text('FILE', 'client certificate for the source'),
  fromKey: text('FILE', 'private key of that certificate'),
  fromSni: text('HOST', 'server name of the source for TLS'),
  fromInsecure: flag('accept any certificate of the source'),
} as const;

export type SourceValues = OptionValues<typeof sourceOptions>;

function sourceAddress(from: string | undefined): ServerAddresses & { readonly host: string; readonly port: number } {
  if (from === undefined) throw usageError("[ERR] Option '--cluster-from' is required for subcommand 'import'.", 'give the source with --from HOST:PORT, or a file with --rdb FILE or --aof FILE');
  let seed: ServerAddresses;
  try {
    seed = parseServerAddresses(from);
  } catch (error) {
    if (error instanceof TribError && error.code === 'BAD_DATABASE') throw error;
    throw usageError('[ERR] Invalid --cluster-from host. You need to pass a valid address (ie. 120.0.0.1:7000).', `write --from HOST:PORT, not "${from}"`);
  }
  const [address, another] = seed.addresses;
  if (address === undefined || another !== undefined) throw usageError('--from takes one address', 'import from one instance at a time');
  return { ...seed, ...address };
}

async function sourcePassword(values: SourceValues, context: SubcommandContext): Promise<string | undefined> {
  if (values.fromPass !== undefined) return values.fromPass;
  if (values.fromPasswordFile !== undefined) return firstLine(readFile(context.cwd, values.fromPasswordFile, 'password file of the source').toString('utf8'));
  if (!values.fromAskpass) return undefined;
  return (await context.io.prompts(context.signal)).password('Please input import source node password:', '--from-password-file FILE or REDIS_TRIB_FROM_AUTH');
}

export interface SourceConnection {
  /** Connection options except timeouts, which are the cluster's. */
  readonly connection: ConnectionOptions;
  /** As in --db: a number, `all`, or undefined. */
  readonly database: string | undefined;
}

/** Throws when `--db` and the database of the URL differ. */
function chosenDatabase(typed: string | undefined, ofUrl: number | undefined): string | undefined {
  if (ofUrl === undefined) return typed;
  if (typed !== undefined && !(/^\d+$/.test(typed) && Number(typed) === ofUrl)) throw usageError(`--db ${typed} contradicts database ${ofUrl} of the URL`, `give only one: --db ${typed}, or --from …/${ofUrl}`);
  return String(ofUrl);
}

/**
 * How to connect to the source. `db`: the value of --db. Throws TribError with exit code 2 for what is missing, wrong or
 * unreadable.
 */
export async function sourceConnection(values: SourceValues, db: string | undefined, context: SubcommandContext): Promise<SourceConnection> {
  const from = sourceAddress(values.from);
  const database = chosenDatabase(db, from.database);
  if ((values.fromCert === undefined) !== (values.fromKey === undefined)) throw usageError('--from-cert and --from-key go together');
  const username = values.fromUser ?? from.username;
  const password = loginPassword(username, (await sourcePassword(values, context)) ?? from.password);
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

// The instance that keys are imported from: is it one to import from, what does it hold, how does one enter it.
// Not here: reading its keys (scan.ts), sending them (direct.ts, relay.ts).
import { Connection } from '../client/connection.js';
import type { ConnectionOptions } from '../client/connection.js';
import { accessFailure } from '../client/connection-errors.js';
import { asInteger, asString, parseInfo } from '../client/read-reply.js';
import { formatAddress } from '../cluster/address.js';
import { ExitCode, TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';

/** One database that holds keys. */
export interface SourceDatabase {
  readonly index: number;
  readonly keys: number;
}

const PASSWORDS = '--from-pass, --from-password-file, --from-askpass or REDIS_TRIB_FROM_AUTH';

/** What the source refuses is mended by options of its own: those of the cluster, which other hints name, are never tried there. */
function atSource(error: unknown): unknown {
  if (!(error instanceof TribError) || error.exitCode !== ExitCode.unreachable) return error;
  const { code, message, cause } = error;
  const hints: Readonly<Record<string, string>> = {
    NOAUTH: `the source needs a password: ${PASSWORDS}`,
    WRONGPASS: `check --from-user and the password of the source (${PASSWORDS})`,
    NOPASSWORDSET: 'the source has no password: leave out --from-pass and unset REDIS_TRIB_FROM_AUTH',
    DENIED: `run redis-trib on that machine, or give the source a password (requirepass, then ${PASSWORDS}), or switch the mode off: CONFIG SET protected-mode no`,
    NOPERM: 'this user of the source may not run that command: give one with the permission (--from-user NAME and its password)',
  };
  const hint = hints[code] ?? error.hint?.replace(/--(?=(?:tls|cacert|cert|key|sni|insecure|user|askpass)\b)/g, '--from-');
  return new TribError(code, message, { exitCode: error.exitCode, ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
}

export class Source {
  private constructor(
    private readonly options: ConnectionOptions,
    private readonly info: ReadonlyMap<string, string>,
    /** Databases that hold keys, ascending. */
    readonly databases: readonly SourceDatabase[],
    /** The peer's address as our connection found it. */
    readonly remoteAddress: string,
  ) {}

  /**
   * Enters the instance and looks at it. Throws TribError SOURCE_IS_CLUSTER (exit 1), or with exit code 3 what
   * connecting throws and NOPERM for a user who may not run INFO.
   */
  static async open(options: ConnectionOptions): Promise<Source> {
    await using connection = await Source.enter(options);
    const replies = await connection.pipeline([['INFO', 'server'], ['INFO', 'cluster'], ['INFO', 'replication'], ['INFO', 'memory'], ['INFO', 'keyspace']]).catch((error: unknown) => {
      throw atSource(error);
    });
    const refused = replies.find((reply) => reply instanceof ReplyError);
    if (refused instanceof ReplyError) throw atSource(accessFailure(options.host, options.port, refused) ?? refused);
    const info = parseInfo(replies.map(asString).join('\n'));
    if (info.get('cluster_enabled') === '1') {
      throw new TribError('SOURCE_IS_CLUSTER', '[ERR] The source node should not be a cluster node.', { hint: 'to move keys within a cluster use reshard; import takes one that runs without cluster mode' });
    }
    return new Source(options, info, readDatabases(info), connection.remoteAddress);
  }

  private static async enter(options: ConnectionOptions): Promise<Connection> {
    try {
      return await Connection.connect(options);
    } catch (error) {
      throw atSource(error);
    }
  }

  get name(): string {
    return formatAddress(this.options);
  }

  get version(): string {
    return this.info.get('redis_version') ?? 'unknown';
  }

  get isReplica(): boolean {
    return this.info.get('role') === 'slave';
  }

  /** Bytes all values take together, as far as the server tells; Infinity when it doesn't. */
  get datasetBytes(): number {
    const bytes = Number(this.info.get('used_memory_dataset') ?? Infinity);
    return Number.isFinite(bytes) ? bytes : Infinity;
  }

  /** Connections go over TLS, so its own outgoing ones may too: nobody knows. */
  get overTls(): boolean {
    return this.options.tls !== undefined;
  }

  /** True when the version is at least `wanted` (three numbers). */
  atLeast(wanted: readonly [number, number, number]): boolean {
    const own = this.version.split('.').map((part) => Number.parseInt(part, 10));
    for (const [index, need] of wanted.entries()) {
      const have = own[index] ?? 0;
      if (have !== need) return have > need;
    }
    return true;
  }

  /** A connection of the caller's own with this database selected. Throws as Connection.connect. */
  async connect(database: number): Promise<Connection> {
    const connection = await Source.enter(this.options);
    try {
      if (database !== 0) await connection.command(['SELECT', database]);
      return connection;
    } catch (error) {
      connection.close();
      if (!(error instanceof ReplyError)) throw error;
      throw atSource(accessFailure(this.options.host, this.options.port, error)) ?? new TribError('NO_SUCH_DATABASE', `The source ${this.name} refused database ${database}: ${error.message}`, {
        exitCode: ExitCode.failed,
        hint: this.databases.length === 0 ? 'the source holds no keys in any database' : `the source has keys in database ${this.databases.map(({ index }) => index).join(', ')}: --db N takes one of them, --db all all`,
      });
    }
  }
}

/** Lines such as `db0:keys=12,expires=0,avg_ttl=0`. */
function readDatabases(info: ReadonlyMap<string, string>): SourceDatabase[] {
  const found: SourceDatabase[] = [];
  for (const [name, value] of info) {
    const index = /^db(\d+)$/.exec(name)?.[1];
    const keys = /^keys=(\d+)/.exec(value)?.[1];
    if (index !== undefined && keys !== undefined) found.push({ index: Number(index), keys: Number(keys) });
  }
  return found.sort((a, b) => a.index - b.index);
}

/** Keys in the selected database now. */
export async function databaseSize(connection: Connection): Promise<number> {
  return asInteger(await connection.command(['DBSIZE']));
}

// The instance to import from: checks it, reads its content, connects to it. Not here: reading its keys (scan.ts), sending them
// (direct.ts, relay.ts).
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

/**
 * Replaces the hint of a refusal by one that names the options of the source (--from-…): other hints name the cluster's
 * options.
 */
function atSource(error: unknown): unknown {
  if (!(error instanceof TribError) || error.exitCode !== ExitCode.unreachable) return error;
  const { code, message, cause } = error;
  const hints: Readonly<Record<string, string>> = {
    NOAUTH: `the source needs a password: ${PASSWORDS}`,
    WRONGPASS: `check --from-user and the password of the source (${PASSWORDS})`,
    NOPASSWORDSET: 'the source has no password: leave out --from-pass and unset REDIS_TRIB_FROM_AUTH',
    DENIED: `run redis-trib on that host, or set a password on the source (requirepass, then ${PASSWORDS}), or disable the mode: CONFIG SET protected-mode no`,
    NOPERM: 'this user of the source lacks the permission for that command: use another user (--from-user NAME and its password)',
  };
  const hint = hints[code] ?? error.hint?.replace(/--(?=(?:tls|cacert|cert|key|sni|insecure|user|askpass)\b)/g, '--from-');
  return new TribError(code, message, { exitCode: error.exitCode, ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
}

export class ImportSource {
  private constructor(
    private readonly options: ConnectionOptions,
    private readonly info: ReadonlyMap<string, string>,
    /** Databases that hold keys, ascending. */
    readonly databases: readonly SourceDatabase[],
    /** The peer's address of the connection. */
    readonly remoteAddress: string,
  ) {}

  /**
   * Connects and inspects the instance. Throws TribError SOURCE_IS_CLUSTER, SOURCE_IS_SENTINEL (exit 1),
   * or with exit code 3 connection errors and NOPERM for a user who may not run INFO.
   */
  static async open(options: ConnectionOptions): Promise<ImportSource> {
    await using connection = await ImportSource.enter(options);
    const replies = await connection.pipeline([['INFO', 'server'], ['INFO', 'cluster'], ['INFO', 'replication'], ['INFO', 'memory'], ['INFO', 'keyspace']]).catch((error: unknown) => {
      throw atSource(error);
    });
    const refused = replies.find((reply) => reply instanceof ReplyError);
    if (refused instanceof ReplyError) throw atSource(accessFailure(options.host, options.port, refused) ?? refused);
    const info = parseInfo(replies.map(asString).join('\n'));
    if (info.get('redis_mode') === 'sentinel') {
      throw new TribError('SOURCE_IS_SENTINEL', `[ERR] The source node ${formatAddress(options)} is a Sentinel, which holds no keys.`, { hint: 'give the address of the master: SENTINEL GET-MASTER-ADDR-BY-NAME NAME' });
    }
    if (info.get('cluster_enabled') === '1') {
      throw new TribError('SOURCE_IS_CLUSTER', '[ERR] The source node should not be a cluster node.', { hint: 'to move keys within a cluster use reshard; import requires a source without cluster mode' });
    }
    return new ImportSource(options, info, readDatabases(info), connection.remoteAddress);
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

  /**
   * Asks whether the source has all its keys: it has loaded its data, and a replica is in sync with its master. Throws TribError
   * SOURCE_LOADING, SOURCE_NOT_SYNCED, and as Connection.connect.
   */
  async requireComplete(): Promise<void> {
    await using connection = await ImportSource.enter(this.options);
    const replies = await connection.pipeline([['INFO', 'replication'], ['INFO', 'persistence']]);
    refuseIncomplete(this.name, parseInfo(replies.map((reply) => (typeof reply === 'string' ? reply : '')).join('\n')));
  }

  /** Bytes of all values together as the server reports them; Infinity when unknown. */
  get datasetBytes(): number {
    const bytes = Number(this.info.get('used_memory_dataset') ?? Infinity);
    return Number.isFinite(bytes) ? bytes : Infinity;
  }

  /** This process connects over TLS, so the source's outgoing connections may use TLS too. */
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

  /** A new connection with this database selected; the caller closes it. Throws as Connection.connect. */
  async connect(database: number): Promise<Connection> {
    const connection = await ImportSource.enter(this.options);
    try {
      if (database !== 0) await connection.command(['SELECT', database]);
      return connection;
    } catch (error) {
      connection.close();
      if (!(error instanceof ReplyError)) throw error;
      throw atSource(accessFailure(this.options.host, this.options.port, error)) ?? new TribError('NO_SUCH_DATABASE', `The source ${this.name} refused database ${database}: ${error.message}`, {
        exitCode: ExitCode.failed,
        hint: this.databases.length === 0 ? 'the source holds no keys in any database' : `the source has keys in database ${this.databases.map(({ index }) => index).join(', ')}: --db N imports one of them, --db all imports all`,
      });
    }
  }
}

/**
 * Refuses a source that does not have all its keys yet: it would look like one with few keys. Throws TribError SOURCE_LOADING
 * while it loads its data, SOURCE_NOT_SYNCED for a replica that has not got its master's.
 */
function refuseIncomplete(name: string, info: ReadonlyMap<string, string>): void {
  const master = formatAddress({ host: info.get('master_host') ?? '', port: Number(info.get('master_port') ?? 0) });
  const syncing = info.get('role') === 'slave' && (info.get('master_link_status') !== 'up' || info.get('master_sync_in_progress') === '1');
  if (syncing) {
    throw new TribError('SOURCE_NOT_SYNCED', `The source ${name} is a replica that is not in sync with its master ${master} (master_link_status:${info.get('master_link_status') ?? '?'}): keys may be missing there`, {
      hint: `wait until its INFO replication says master_link_status:up, or import from the master ${master}; if that master is lost, run REPLICAOF NO ONE on ${name} first`,
    });
  }
  if (info.get('loading') === '1' || info.get('async_loading') === '1') {
    throw new TribError('SOURCE_LOADING', `The source ${name} is reading its data from disk: it does not have all its keys yet`, { hint: 'wait until its INFO persistence says loading:0, then run the same command again' });
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

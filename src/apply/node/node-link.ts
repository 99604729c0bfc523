// The link to one node of a cluster: its addresses, its credentials, one shared connection per database, redialled when it
// breaks, and up to 31 more for SETSLOT. Callers open those for MIGRATE and for the notice to other movers with `dial`
// (docs/moving-slots.md, Connections). Not here: the commands sent over them.
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import type { Address } from '../../cluster/address.js';
import type { HostNames } from '../../cluster/view.js';
import { Admin } from '../../client/admin.js';
import { Connection } from '../../client/connection.js';
import { countDatabases } from '../../client/databases.js';
import type { TlsOptions } from '../../client/socket.js';
import { aborted } from '../../client/socket.js';
import type { NodeCredentials } from '../../client/migrate-command.js';
import type { ClusterAccess } from '../../client/node-credentials.js';
import { credentialsFor, credentialsIn } from '../../client/node-credentials.js';

/** How to connect to the nodes of a cluster. */
export interface ClusterOptions extends ClusterAccess {
  readonly tls?: TlsOptions;
  /** Address family for host names; any when absent. */
  readonly family?: 4 | 6;
  /** Milliseconds to wait for a connection; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds to wait for an ordinary reply; default 15000. MIGRATE has its own limit. */
  readonly commandTimeoutMs?: number;
  /** Bytes of memory that one reply may take; see ConnectionOptions. */
  readonly maxReplyBytes?: number;
  /** Maximum nodes asked in parallel while a cluster is loaded and new nodes are inspected, not during a move; default 64. */
  readonly concurrency?: number;
  /** Maps an announced address to the one to connect to (NAT, port forwarding). */
  readonly addressMap?: (announced: Address) => Address;
  /** The addresses of host names, so that nodes are found by name too. */
  readonly hostNames?: HostNames;
  readonly signal?: AbortSignal;
}

/**
 * Opens one connection with the options of a cluster. `announced`: the node's other address, for finding its credentials.
 * `database`: the one that all its commands use.
 */
export async function dial(address: Address, options: ClusterOptions, announced = address, database = 0): Promise<Connection> {
  // Every connection and command of a cluster listens to the same signal; many listeners are not a leak.
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  return Connection.connect({
    host: address.host,
    port: address.port,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    commandTimeoutMs: options.commandTimeoutMs ?? 15_000,
    ...(await credentialsFor(options, [address, announced])),
    ...(options.maxReplyBytes === undefined ? {} : { maxReplyBytes: options.maxReplyBytes }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.family === undefined ? {} : { family: options.family }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    database,
  });
}

export interface NodeIdentity {
  readonly id: string;
  /** Address for display. */
  readonly name: string;
  /** Address at which other nodes reach it. */
  readonly announced: Address;
  readonly busPort: number;
  /** Address to connect to. */
  readonly address: Address;
}

interface SharedConnection {
  current?: Connection;
  dialling?: Promise<Connection>;
}

export class NodeLink {
  readonly id: string;
  readonly name: string;
  readonly announced: Address;
  readonly busPort: number;
  readonly address: Address;
  /** Shared connections by database. */
  private readonly shared = new Map<number, SharedConnection>();
  /** The connections that `connections` has opened. */
  private extraConnections: Connection[] = [];
  private databases: Promise<number> | undefined;
  private closed = false;
  private credentialsInUse: NodeCredentials;

  constructor(
    identity: NodeIdentity,
    private readonly options: ClusterOptions,
    connection?: Connection,
  ) {
    ({ id: this.id, name: this.name, announced: this.announced, busPort: this.busPort, address: this.address } = identity);
    if (connection !== undefined) this.shared.set(0, { current: connection });
    this.credentialsInUse = connection?.credentials ?? credentialsIn(options);
  }

  /** The credentials of the connections; other nodes need them for MIGRATE. */
  get credentials(): NodeCredentials {
    return this.credentialsInUse;
  }

  /** Whether the connections use TLS. */
  get usesTls(): boolean {
    return this.options.tls !== undefined;
  }

  /**
   * The shared connection to a database; dials when there is none or it broke. Its database never changes, so a command cannot
   * run in another database after a refused SELECT. Rejects as Connection.connect.
   */
  async connection(database = 0): Promise<Connection> {
    const entry = this.shared.get(database) ?? {};
    this.shared.set(database, entry);
    if (entry.current?.isOpen === true) return entry.current;
    // Other databases are first needed in the middle of a move, whose open slots are finished after an abort too.
    entry.dialling ??= this.dial(database, database > 0).finally(() => delete entry.dialling);
    entry.current = await entry.dialling;
    return entry.current;
  }

  /** A new connection, which the caller closes. `finishing`: dials also after the abort, for work that must be finished. */
  async dial(database = 0, finishing = false): Promise<Connection> {
    if (this.closed) throw aborted();
    const { signal, ...lasting } = this.options;
    const connection = await dial(this.address, finishing || signal === undefined ? lasting : { ...lasting, signal }, this.announced, database);
    this.credentialsInUse = connection.credentials;
    return connection;
  }

  /**
   * Up to `count` shared connections to database 0, for commands that block a connection: fewer when the node accepts no more,
   * at least the one of `connection`. Rejects as Connection.connect.
   */
  async connections(count: number): Promise<Connection[]> {
    const first = await this.connection();
    this.extraConnections = this.extraConnections.filter(({ isOpen }) => isOpen);
    const dialled = await Promise.allSettled(Array.from({ length: Math.max(0, count - 1 - this.extraConnections.length) }, () => this.dial(0, true)));
    this.extraConnections.push(...dialled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    return [first, ...this.extraConnections.slice(0, count - 1)];
  }

  /** Number of databases that the node can hold keys in; asked once. Rejects as countDatabases. */
  databaseCount(): Promise<number> {
    this.databases ??= this.askDatabaseCount().catch((error: unknown) => {
      this.databases = undefined;
      throw error;
    });
    return this.databases;
  }

  private async askDatabaseCount(): Promise<number> {
    await using connection = await this.dial(); // SELECT changes the connection's state.
    return await countDatabases(connection);
  }

  /** The host for CLUSTER MEET. Servers before 7.0 accept no names, but the peer address of this connection is an IP. */
  async meetHost(): Promise<string> {
    const { host } = this.announced;
    return isIP(host) === 0 ? (await this.connection()).remoteAddress : host;
  }

  async admin(): Promise<Admin> {
    return new Admin(await this.connection());
  }

  close(): void {
    this.closed = true;
    for (const { current } of this.shared.values()) current?.close();
    for (const connection of this.extraConnections) connection.close();
  }
}

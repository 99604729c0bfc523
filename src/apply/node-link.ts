// Our way to one node of a cluster: its addresses, its credentials, one shared connection that is dialled again when it
// broke, extra connections on demand. Not here: what is said over them.
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import type { Address } from '../cluster/address.js';
import { Admin } from '../client/admin.js';
import { Connection } from '../client/connection.js';
import type { TlsOptions } from '../client/socket.js';
import { aborted } from '../client/socket.js';
import type { NodeCredentials } from '../client/migrate-command.js';
import type { ClusterAccess } from '../client/node-credentials.js';
import { credentialsFor, credentialsIn } from '../client/node-credentials.js';

/** How to reach and enter the nodes of a cluster. */
export interface ClusterOptions extends ClusterAccess {
  readonly tls?: TlsOptions;
  /** Only addresses of this family for host names; either when absent. */
  readonly family?: 4 | 6;
  /** Milliseconds to wait for a connection; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds to wait for an ordinary reply; default 15000. MIGRATE has its own limit. */
  readonly commandTimeoutMs?: number;
  /** How many nodes are asked at the same time; default 64. */
  readonly concurrency?: number;
  /** From the address a node announces to the one we connect to (NAT, port forwarding). */
  readonly addressMap?: (announced: Address) => Address;
  readonly signal?: AbortSignal;
}

/** Opens one connection with the options of a cluster. `announced`: what else the node is called, to find its credentials. */
export async function dial(address: Address, options: ClusterOptions, announced = address): Promise<Connection> {
  // Every connection and command of a cluster listens to the same signal: many listeners are no leak.
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  return Connection.connect({
    host: address.host,
    port: address.port,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    commandTimeoutMs: options.commandTimeoutMs ?? 15_000,
    ...(await credentialsFor(options, [address, announced])),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.family === undefined ? {} : { family: options.family }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

export interface NodeIdentity {
  readonly id: string;
  /** Address to show. */
  readonly name: string;
  /** Where other nodes reach it. */
  readonly announced: Address;
  readonly busPort: number;
  /** Where we connect. */
  readonly address: Address;
}

export class NodeLink {
  readonly id: string;
  readonly name: string;
  readonly announced: Address;
  readonly busPort: number;
  readonly address: Address;
  private current: Connection | undefined;
  private dialling: Promise<Connection> | undefined;
  private closed = false;
  private entered: NodeCredentials;

  constructor(
    identity: NodeIdentity,
    private readonly options: ClusterOptions,
    connection?: Connection,
  ) {
    ({ id: this.id, name: this.name, announced: this.announced, busPort: this.busPort, address: this.address } = identity);
    this.current = connection;
    this.entered = connection?.credentials ?? credentialsIn(options);
  }

  /** What our connections got in with: other nodes need it too, for MIGRATE. */
  get credentials(): NodeCredentials {
    return this.entered;
  }

  /** The shared connection; dials when there is none or it broke. Rejects as Connection.connect. */
  async connection(): Promise<Connection> {
    if (this.current?.isOpen === true) return this.current;
    this.dialling ??= this.dial().finally(() => (this.dialling = undefined));
    this.current = await this.dialling;
    return this.current;
  }

  /** A connection of the caller's own, who closes it. */
  async dial(): Promise<Connection> {
    if (this.closed) throw aborted();
    const connection = await dial(this.address, this.options, this.announced);
    this.entered = connection.credentials;
    return connection;
  }

  /** What to write into CLUSTER MEET: servers before 7.0 take no names, but the address our own connection found is an IP. */
  async meetHost(): Promise<string> {
    const { host } = this.announced;
    return isIP(host) === 0 ? (await this.connection()).remoteAddress : host;
  }

  async admin(): Promise<Admin> {
    return new Admin(await this.connection());
  }

  close(): void {
    this.closed = true;
    this.current?.close();
  }
}

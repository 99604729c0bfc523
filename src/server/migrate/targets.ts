// Connections to MIGRATE's targets, kept for some seconds because resharding calls MIGRATE thousands of times (cluster-node.md
// 6.7, step 3). What is sent over them is in transfer.ts.
import { Connection } from '../../client/connection.js';
import type { CancelTimer, Clock } from '../runtime/clock.js';

/** A connection to a target, in use or waiting for the next MIGRATE. */
export interface Target {
  readonly address: string;
  readonly connection: Connection;
  /** The database selected there, -1 when unknown. */
  db: number;
  /** The connection served an earlier MIGRATE; the target may have closed it meanwhile. */
  reused: boolean;
  idleSince: number;
}

/** The connection could not be established. `resolved`: the host name was resolved. */
export class TargetUnreachable extends Error {
  constructor(readonly resolved: boolean) {
    super('cannot connect to the target of MIGRATE');
  }
}

/** Maximum connections kept for later calls; the oldest is closed first. */
const MAX_KEPT = 64;
/** A connection that no MIGRATE has used for this long is closed; every SWEEP_MS idle ones are looked for. */
const IDLE_MS = 10_000;
const SWEEP_MS = 1000;
/** Connect timeout of the connection itself: none, because the node's clock aborts the attempt. */
const NEVER = 2_147_483_647;

export class MigrateTargets {
  private readonly waiting: Target[] = [];
  private readonly used = new Set<Target>();
  private cancelSweep: CancelTimer | null = null;
  private closed = false;

  constructor(private readonly clock: Clock) {}

  /** A connection for one MIGRATE, kept or new. Throws TargetUnreachable. */
  async take(host: string, port: number, timeoutMs: number, fresh: boolean): Promise<Target> {
    const address = `${host}:${port}`;
    const kept = fresh ? undefined : this.takeKept(address);
    const target = kept ?? { address, connection: await this.connect(host, port, timeoutMs), db: -1, reused: false, idleSince: 0 };
    if (this.closed) {
      target.connection.close();
      throw new TargetUnreachable(true);
    }
    this.used.add(target);
    return target;
  }

  private takeKept(address: string): Target | undefined {
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const target = this.waiting[i]!;
      if (target.address !== address) continue;
      this.waiting.splice(i, 1);
      if (target.connection.isOpen) return target;
    }
    return undefined;
  }

  private async connect(host: string, port: number, timeoutMs: number): Promise<Connection> {
    const abort = new AbortController();
    const cancel = this.clock.after(timeoutMs, () => abort.abort());
    try {
      return await Connection.connect({ host, port, signal: abort.signal, connectTimeoutMs: NEVER });
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
      throw new TargetUnreachable(code !== 'ENOTFOUND' && code !== 'EAI_AGAIN');
    } finally {
      cancel();
    }
  }

  /** Keeps a connection for the next MIGRATE to the same address. */
  give(target: Target): void {
    this.used.delete(target);
    if (this.closed || !target.connection.isOpen) return target.connection.close();
    if (this.waiting.length >= MAX_KEPT) this.waiting.shift()?.connection.close();
    target.reused = true;
    target.idleSince = this.clock.now();
    this.waiting.push(target);
    this.cancelSweep ??= this.clock.after(SWEEP_MS, () => this.sweep());
  }

  /** Closes a connection whose state is unknown. */
  drop(target: Target): void {
    this.used.delete(target);
    target.connection.close();
  }

  private sweep(): void {
    const before = this.clock.now() - IDLE_MS;
    while (this.waiting.length > 0 && this.waiting[0]!.idleSince < before) this.waiting.shift()!.connection.close();
    this.cancelSweep = this.waiting.length > 0 ? this.clock.after(SWEEP_MS, () => this.sweep()) : null;
  }

  /** Closes all when the node stops. */
  close(): void {
    this.closed = true;
    this.cancelSweep?.();
    for (const target of [...this.waiting, ...this.used]) target.connection.close();
    this.waiting.length = 0;
  }
}

// FAILOVER: a master transfers its role to one of its replicas (persistence-replication.md 4.11). It pauses writes until the
// replica has acknowledged the whole replication stream. Then this node becomes a replica of that node and sends PSYNC …
// FAILOVER, which promotes it. No acknowledged write is lost, except with FORCE: at the timeout it does not wait for the
// replica.
import { ErrorReply } from '../../resp/server-reply.js';
import type { NodeServices } from '../exec/context.js';
import type { CancelTimer } from '../runtime/clock.js';
import type { AttachedReplica } from './attached-replica.js';
import type { ReplicationHistory } from './history.js';
import type { MasterSide } from './master-side.js';

export type FailoverState = 'no-failover' | 'waiting-for-sync' | 'failover-in-progress';

export interface FailoverRequest {
  readonly to: { readonly host: string; readonly port: number } | null;
  readonly force: boolean;
  /** Milliseconds, 0 for no limit. */
  readonly timeoutMs: number;
}

export interface FailoverHost {
  readonly history: ReplicationHistory;
  readonly masterSide: MasterSide;
  readonly role: 'master' | 'replica';
  /** Follows the target, which is asked to become the master. */
  handOver(host: string, port: number): void;
  /** Takes the role of master back. */
  takeBack(): void;
}

const fail = (text: string): never => {
  throw new ErrorReply(`ERR ${text}`);
};

export class Failover {
  state: FailoverState = 'no-failover';
  private request: FailoverRequest | null = null;
  private target: { host: string; port: number } | null = null;
  private cancel: CancelTimer = () => {};

  constructor(private readonly node: NodeServices, private readonly host: FailoverHost) {}

  /** Begins; throws an ErrorReply with the text of Redis. */
  start(request: FailoverRequest): void {
    const { masterSide, role } = this.host;
    if (this.state !== 'no-failover') fail('FAILOVER already in progress.');
    if (role === 'replica') fail('FAILOVER is not valid when server is a replica.');
    if (masterSide.replicas.size === 0) fail('FAILOVER requires connected replicas.');
    if (request.force && (request.timeoutMs === 0 || request.to === null)) fail('FAILOVER with force option requires both a timeout and target HOST and IP.');
    if (request.to !== null) {
      const replica = this.find(request.to) ?? fail('FAILOVER target HOST and PORT is not a replica.');
      if (!replica.online) fail('FAILOVER target replica is not online.');
    }
    this.node.log.notice(request.to === null ? 'FAILOVER requested.' : `FAILOVER requested to ${request.to.host}:${request.to.port}.`);
    this.request = request;
    this.target = request.to;
    this.state = 'waiting-for-sync';
    this.node.pause.start(Infinity, false, 'failover');
    if (request.timeoutMs > 0) this.cancel = this.node.clock.after(request.timeoutMs, () => this.expire());
    masterSide.askForAcks();
    this.check();
  }

  private find({ host, port }: { host: string; port: number }): AttachedReplica | undefined {
    return [...this.host.masterSide.replicas].find((replica) => replica.ip === host && replica.announced.port === port);
  }

  /** A replica acknowledged: hands over when the target, or with no target any replica, has everything. */
  check(): void {
    if (this.state !== 'waiting-for-sync') return;
    const { history, masterSide } = this.host;
    const candidates = this.request!.to === null ? [...masterSide.replicas] : [this.find(this.request!.to)];
    const synced = candidates.find((replica) => replica !== undefined && replica.phase === 'online' && replica.ackOffset === history.offset);
    if (synced === undefined) return;
    this.target = { host: synced.ip, port: synced.announced.port };
    this.node.log.notice(`Failover target ${synced.ip}:${synced.announced.port} is synced, failing over.`);
    this.handOver();
  }

  private handOver(): void {
    this.state = 'failover-in-progress';
    this.host.handOver(this.target!.host, this.target!.port);
  }

  private expire(): void {
    if (this.state !== 'waiting-for-sync') return;
    if (!this.request!.force) return this.abort('Replica never caught up before timeout');
    this.node.log.notice(`Failover to ${this.target!.host}:${this.target!.port} time out exceeded, failing over.`);
    this.handOver();
  }

  /** The target answered: this node is its replica now. */
  succeeded(): void {
    if (this.state === 'failover-in-progress') this.end();
  }

  /** Ends the attempt; this node is the master again. */
  abort(reason: string): void {
    if (this.state === 'no-failover') return;
    this.node.log.notice(`Aborting failover${this.target === null ? '' : ` to ${this.target.host}:${this.target.port}`}: ${reason}`);
    const began = this.state === 'failover-in-progress';
    this.state = 'no-failover';
    if (began) this.host.takeBack();
    this.end();
  }

  private end(): void {
    this.cancel();
    this.state = 'no-failover';
    this.request = this.target = null;
    this.node.pause.end('failover');
  }
}

// One step of the state machine: the time it happens at, the effects it collects, and the work that is deferred to its end
// (cluster-node.md 1.7). Rules of the protocol are in rules/.
import type { LogLevel } from '../../runtime/log.js';
import { updateAvailability } from './availability.js';
import type { Effect, WireEffect } from './effect.js';
import type { Link, NodeRecord } from './node-record.js';
import type { Packet } from '../wire/packet.js';
import type { ClusterState } from './state.js';

export class StepContext {
  private readonly local: Effect[] = [];
  private readonly wire: WireEffect[] = [];
  private update = false;
  private saving: 'no' | 'save' | 'fsync' = 'no';

  constructor(
    readonly state: ClusterState,
    readonly now: number,
  ) {}

  /** Recompute the cluster state at the end of the step (U in cluster-node.md 1.7). */
  needUpdate(): void {
    this.update = true;
  }

  /** Save nodes.conf at the end of the step (S). */
  needSave(): void {
    if (this.saving === 'no') this.saving = 'save';
  }

  /** Save nodes.conf at the end of the step, to disk (S F). */
  needFsync(): void {
    this.saving = 'fsync';
  }

  log(level: LogLevel, text: string): void {
    this.local.push({ kind: 'log', level, text });
  }

  emit(effect: Exclude<Effect, WireEffect>): void {
    this.local.push(effect);
  }

  /** Queues a packet; without a link it is lost (cluster-node.md 1.10). */
  send(link: Link | null, packet: Packet): void {
    if (link === null || link.closed) return;
    this.state.countSent(packet.header.type);
    this.wire.push({ kind: 'send', link, packet });
  }

  /** Starts the outbound connection of a node. */
  connect(node: NodeRecord): Link {
    const link = this.state.newLink(false, node, this.now);
    node.link = link;
    this.wire.push({ kind: 'connect', link, ip: node.ip, cport: node.cport });
    return link;
  }

  /** Closes a link; the node stays. */
  close(link: Link | null): void {
    if (link === null || link.closed) return;
    this.unlink(link);
    this.wire.push({ kind: 'close', link });
  }

  /** A connection that has ended: removes the link from its node. */
  unlink(link: Link): void {
    link.closed = true;
    const { node } = link;
    if (node === null) return;
    if (node.link === link) node.link = null;
    if (node.inboundLink === link) node.inboundLink = null;
  }

  /** Deletes a node with both its links. */
  deleteNode(node: NodeRecord): void {
    this.close(node.link);
    this.close(node.inboundLink);
    this.state.remove(node);
  }

  /** Ends the step: runs the deferred work, then returns all effects in the order of execution. */
  finish(): Effect[] {
    if (this.update) updateAvailability(this);
    const left = this.state.slots.takeLeft();
    if (left.length > 0) this.local.push({ kind: 'slotsLeft', slots: left });
    if (this.saving !== 'no') this.local.push({ kind: 'save', fsync: this.saving === 'fsync' });
    if (this.local.length === 0) return this.wire;
    return [...this.local, ...this.wire];
  }
}

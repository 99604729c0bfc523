// Detects another program (redis-cli, valkey-cli, redis-trib.rb) that moves slots of the same source. Such a program
// overwrites the mark of an open slot on the source. At the end it gives the slot to its own target with a higher config
// epoch; a node that took the slot meanwhile then deletes its keys (cluster-node.md 3.4.2). So a slot is handed over only
// while the source has the marks and slots that this process left. Not here: another redis-trib (cluster/move-lock.ts).
import { asString } from '../../../client/read-reply.js';
import type { Connection, PipelineReply } from '../../../client/connection.js';
import { parseNodesText, type NodeLine } from '../../../cluster/nodes-text.js';
import { TribError } from '../../../errors.js';
import { failedOver } from './detect-failover.js';
import type { NodeLink } from '../../node/node-link.js';

/** The request for `SourceWatch.judge`. */
export const OWN_STATE = ['CLUSTER', 'NODES'] as const;

/** Another program moves slots of the source. `elsewhere`: slots that the source migrates to other nodes, by id. */
export class OtherMover extends TribError {
  constructor(
    message: string,
    readonly elsewhere: ReadonlyMap<number, string>,
  ) {
    super('OTHER_MOVER', message, { hint: 'wait until that program is done, then run fix --search-multiple-owners: keys of a slot that both programs moved may be on two nodes' });
    this.name = 'OtherMover';
  }
}

/** The node's line about itself. Servers list open slots on that line only. */
function ownLine(reply: PipelineReply | undefined): NodeLine | undefined {
  const line = asString(reply).split('\n').find((one) => /^\S+ \S+ \S*\bmyself\b/.test(one));
  return line === undefined ? undefined : parseNodesText(line)[0];
}

/** Compares the slots that a source reports with what this process has done. */
export class SourceWatch {
  /** Slots that must belong to the source. */
  private readonly kept: Set<number>;
  private connection: Connection | undefined;

  /** `slots`: those that the pair moves. `planned`: the target of every slot that any pair moves from this source. */
  constructor(
    private readonly source: NodeLink,
    slots: readonly number[],
    private readonly planned: ReadonlyMap<number, string>,
  ) {
    this.kept = new Set(slots);
  }

  /** This process gives the slots away now. */
  release(slots: readonly number[]): void {
    for (const slot of slots) this.kept.delete(slot);
  }

  /** The error when the source's CLUSTER NODES shows another program's work. Throws the reply's error. */
  judge(reply: PipelineReply | undefined): OtherMover | undefined {
    const own = ownLine(reply);
    if (own === undefined || own.role === 'replica') return undefined; // A failover; detect-failover.ts names it.
    const elsewhere = new Map([...own.migrating].filter(([slot, target]) => this.planned.get(slot) !== target));
    const [open] = elsewhere;
    if (open !== undefined) return this.error(`slot ${open[0]} of ${this.source.name} migrates to ${open[1].slice(0, 8)} now`, elsewhere);
    const lost = [...this.kept].find((slot) => !own.slots.has(slot));
    return lost === undefined ? undefined : this.error(`${this.source.name} does not own slot ${lost} any more`, elsewhere);
  }

  private error(what: string, elsewhere: ReadonlyMap<number, string>): OtherMover {
    return new OtherMover(`Another program moves slots of ${this.source.name} at the same time: ${what}`, elsewhere);
  }

  /** Call before the first slot is opened: require() then knows whether the connection is another one. */
  async begin(): Promise<void> {
    this.connection = await this.source.connection();
  }

  /**
   * Asks the source; after a reconnect also the witnesses, because the server may have been restarted without its keys after a
   * replica was promoted. Throws OtherMover or FAILED_OVER; rejects as the connection.
   */
  async require(witnesses: readonly NodeLink[]): Promise<void> {
    const connection = await this.source.connection();
    const [reply] = await connection.pipeline([OWN_STATE]);
    if (ownLine(reply)?.role === 'replica') throw failedOver(this.source, this.source);
    if (connection !== this.connection) await this.requireNoSuccessor(witnesses);
    const other = this.judge(reply);
    if (other !== undefined) throw other;
  }

  /** Throws FAILED_OVER when a witness lists another owner of slots that the source has not given away. */
  private async requireNoSuccessor(witnesses: readonly NodeLink[]): Promise<void> {
    await Promise.all(
      witnesses.map(async (witness) => {
        const [reply] = await witness.connection().then((connection) => connection.pipeline([OWN_STATE])).catch(() => []);
        if (typeof reply !== 'string') return;
        const newer = parseNodesText(reply).find(({ id, slots }) => id !== this.source.id && [...this.kept].some((slot) => slots.has(slot)));
        if (newer !== undefined) throw failedOver(this.source, witness);
      }),
    );
  }
}

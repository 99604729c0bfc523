// Detects another program (redis-cli, valkey-cli, redis-trib.rb) that moves slots of the same source. Such a program
// overwrites the mark of an open slot on the source. At the end it gives the slot to its own target with a higher config
// epoch; a node that took the slot meanwhile then deletes its keys (cluster-node.md 3.4.2). So a slot is handed over only
// while the source has the marks and slots that this process left. Not here: another redis-trib (cluster/move-lock.ts).
import { asString } from '../../../client/read-reply.js';
import type { PipelineReply } from '../../../client/connection.js';
import { parseNodesText, type NodeLine } from '../../../cluster/nodes-text.js';
import { TribError } from '../../../errors.js';
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

  /** Asks the source. Throws OtherMover; rejects as the connection. */
  async require(): Promise<void> {
    const [reply] = await (await this.source.connection()).pipeline([OWN_STATE]);
    const other = this.judge(reply);
    if (other !== undefined) throw other;
  }
}

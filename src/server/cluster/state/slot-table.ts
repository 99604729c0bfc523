// Who owns each slot, which slots are open, and which bound slots their owner stopped claiming. Keeps the invariant
// owner[s] = X ⇔ bit s of X (cluster-node.md 11, rule 1). When a slot gets a new owner is decided in rules/ and admin/.
import { BITMAP_BYTES, SLOTS } from '../wire/constants.js';
import { NodeFlag } from './flags.js';
import type { NodeRecord } from './node-record.js';
import { hasSlot } from '../wire/slot-bitmap.js';

export class SlotTable {
  /** Slots that have an owner. */
  assigned = 0;
  /** 1: the slot is ours and not open. Read by routing for every command. */
  readonly stable = new Uint8Array(SLOTS);
  /** Open slots: those we give away with their target, and those we take over with their source. */
  readonly migrating = new Map<number, NodeRecord>();
  readonly importing = new Map<number, NodeRecord>();
  /** Slots that our shard lost since the list was last taken: their shard channels end. */
  private left: number[] = [];
  private readonly owners: (NodeRecord | null)[] = new Array<NodeRecord | null>(SLOTS).fill(null);
  private readonly notClaimed = new Uint8Array(BITMAP_BYTES);

  constructor(
    private readonly myself: NodeRecord,
    private readonly someMasterHasReplicas: () => boolean,
  ) {}

  owner(slot: number): NodeRecord | null {
    return this.owners[slot] ?? null;
  }

  /** The owner of the slot no longer claims it: any node may take it (the ONC bit, cluster-node.md 0.3). */
  isNotClaimed(slot: number): boolean {
    return hasSlot(this.notClaimed, slot);
  }

  /** Bitmap of the slots whose owner stopped claiming them; for reading only. */
  get notClaimedBytes(): Uint8Array {
    return this.notClaimed;
  }

  setNotClaimed(slot: number, value: boolean): void {
    if (this.isNotClaimed(slot) === value) return;
    this.notClaimed[slot >> 3] = (this.notClaimed[slot >> 3] ?? 0) ^ (1 << (slot & 7));
    const owner = this.owner(slot);
    if (owner !== null) owner.notClaimed += value ? 1 : -1;
  }

  /** Assigns an unowned slot to a node; false when it has an owner. */
  assign(slot: number, node: NodeRecord): boolean {
    if (this.owner(slot) !== null) return false;
    this.owners[slot] = node;
    this.assigned++;
    node.slots.add(slot);
    // 3.4.2: a master's first slot makes it a target of replica migration wherever replicas exist.
    if (node.slots.count === 1 && node.isMaster && this.someMasterHasReplicas()) node.set(NodeFlag.migrateTo);
    this.refresh(slot);
    return true;
  }

  /** Takes a slot from its owner; false when it had none. */
  unassign(slot: number): boolean {
    const owner = this.owner(slot);
    if (owner === null) return false;
    this.setNotClaimed(slot, false);
    this.owners[slot] = null;
    this.assigned--;
    owner.slots.remove(slot);
    if (owner === this.myself.claimant) this.left.push(slot);
    this.refresh(slot);
    return true;
  }

  setMigrating(slot: number, target: NodeRecord | null): void {
    if (target === null) this.migrating.delete(slot);
    else this.migrating.set(slot, target);
    this.refresh(slot);
  }

  setImporting(slot: number, source: NodeRecord | null): void {
    if (source === null) this.importing.delete(slot);
    else this.importing.set(slot, source);
    this.refresh(slot);
  }

  /** Closes all open slots. */
  closeAll(): void {
    for (const slot of [...this.migrating.keys()]) this.setMigrating(slot, null);
    for (const slot of [...this.importing.keys()]) this.setImporting(slot, null);
  }

  /** Unassigns every slot of a node. */
  unassignAllOf(node: NodeRecord): void {
    if (node.slots.count === 0) return;
    for (let slot = 0; slot < SLOTS; slot++) if (this.owner(slot) === node) this.unassign(slot);
  }

  /** Drops a node from all slots and all open slots. */
  forget(node: NodeRecord): void {
    for (const [slot, target] of [...this.migrating]) if (target === node) this.setMigrating(slot, null);
    for (const [slot, source] of [...this.importing]) if (source === node) this.setImporting(slot, null);
    this.unassignAllOf(node);
  }

  /** The slots that our shard lost since the last call and still does not own. */
  takeLeft(): number[] {
    if (this.left.length === 0) return this.left;
    const left = this.left.filter((slot) => this.owner(slot) !== this.myself.claimant);
    this.left = [];
    return left;
  }

  private refresh(slot: number): void {
    const stable = this.owners[slot] === this.myself && !this.migrating.has(slot) && !this.importing.has(slot);
    this.stable[slot] = stable ? 1 : 0;
  }
}

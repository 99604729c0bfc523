// Every change of the keyspace is announced here before it happens, so that a snapshot can copy the old value first. Only the
// primitives of Database announce.

/** Called before each change, while the keyspace still holds the old value. */
export interface SnapshotHook {
  /** A key is about to be created, changed, deleted, or given another expiry. Called once per command and key. */
  beforeChange(db: number, slot: number, key: string): void;
  /** All keys of a database are about to be removed. */
  beforeFlush(db: number): void;
  /** Two databases are about to exchange their contents. */
  beforeSwap(a: number, b: number): void;
}

export class WriteBarrier {
  private hook: SnapshotHook | null = null;
  /** Keys announced since the running command began. */
  private readonly announced = new Set<string>();
  /** False without a hook. Checked before each call, since this is on the path of every write. */
  active = false;

  /** Sets the hook, or removes it with null. Only one at a time. */
  attach(hook: SnapshotHook | null): void {
    this.hook = hook;
    this.active = hook !== null;
    this.announced.clear();
  }

  /** A command begins: its changes are announced again. */
  begin(): void {
    this.announced.clear();
  }

  changing(db: number, slot: number, key: string): void {
    const id = `${db}:${key}`;
    if (this.announced.has(id)) return;
    this.announced.add(id);
    this.hook?.beforeChange(db, slot, key);
  }

  flushing(db: number): void {
    this.announced.clear();
    this.hook?.beforeFlush(db);
  }

  swapping(a: number, b: number): void {
    this.announced.clear();
    this.hook?.beforeSwap(a, b);
  }
}

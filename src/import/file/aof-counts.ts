// Counts what an append-only file would bring, while it is read: keys and commands by database and slot, commands that cannot
// be carried out, names in several databases, imports of slots. Flushes take counts away.
import type { ReplayItem } from '../../aof/replay.js';
import { keySlot } from '../../cluster/slots.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { Flushes } from './flushes.js';

/** Problems kept for the error. */
const MAX_PROBLEMS = 1000;

export interface AofProblem {
  readonly file: string;
  readonly offset: number;
  readonly command: string;
  readonly reason: string;
  /** Binary strings. */
  readonly keys: readonly string[];
  /** The name of the command is not known: the file may be damaged there. */
  readonly unknown?: true;
  /** What to do; default: as for its kind. */
  readonly hint?: string;
}

interface SlotCounts {
  keys: number;
  commands: number;
}

/** An import of slots of which the file does not say whether the node got the slots. */
export interface UnfinishedImport {
  readonly job: string;
  /** Id of the node that owned the slots; undefined when the file does not say. */
  readonly source: string | undefined;
  readonly slots: SlotSet;
  /** Keys of RDB parts, and commands, of these slots. They are left out. */
  readonly keys: number;
  readonly commands: number;
}

type SlotImport = Extract<ReplayItem, { kind: 'import-begin' }>;

const REWRITE = 'run BGREWRITEAOF on the node that wrote the file, while no slots move to it, and import the new file; or load the file into such a node, then use import --from HOST:PORT';

export class AofCounts {
  readonly problems: (AofProblem & { readonly database: number; readonly number: number })[] = [];
  readonly flushes = new Flushes();
  libraries = 0;
  /** By database and slot. */
  readonly databases = new Map<number, Map<number, SlotCounts>>();
  private readonly names = new Map<string, number>();
  readonly repeated: { readonly key: string; readonly databases: readonly [number, number] }[] = [];
  /** Imports without an end so far, by job. */
  private readonly imports = new Map<string, SlotImport>();
  /** Imports that a restart ended. */
  private restarted: SlotImport[] = [];

  constructor(private readonly lookForRepeats: boolean) {}

  add(database: number, keys: readonly string[], isCommand: boolean): void {
    let slots = this.databases.get(database);
    if (slots === undefined) this.databases.set(database, (slots = new Map<number, SlotCounts>()));
    const slot = keySlot(keys[0] ?? '');
    let counts = slots.get(slot);
    if (counts === undefined) slots.set(slot, (counts = { keys: 0, commands: 0 }));
    if (isCommand) counts.commands++;
    else counts.keys++;
    if (this.lookForRepeats) for (const key of keys) this.note(database, key);
  }

  /** Keys and commands of some slots and databases; default all. */
  sum(databases: Iterable<ReadonlyMap<number, SlotCounts>> = this.databases.values(), wanted?: SlotSet): SlotCounts {
    const sum = { keys: 0, commands: 0 };
    for (const slots of databases) {
      for (const [slot, { keys, commands }] of slots) {
        if (wanted?.has(slot) === false) continue;
        sum.keys += keys;
        sum.commands += commands;
      }
    }
    return sum;
  }

  problem({ kind: _kind, ...problem }: Extract<ReplayItem, { kind: 'problem' }>, file: string, number: number): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ ...problem, file, number });
  }

  /** An item that takes data away, or an import of slots that may. */
  clear(item: Exclude<ReplayItem, { kind: 'unit' | 'problem' }>, file: string, number: number): void {
    switch (item.kind) {
      case 'flush':
        return this.flush(number, item.database);
      case 'flush-slots':
        return this.flushSlots(number, item.slots);
      case 'import-begin':
        return this.importBegins(item, number);
      case 'import-end':
        return this.importEnds(item, file, number);
    }
  }

  private flush(number: number, database: number | null): void {
    this.flushes.flush(number, database);
    if (database === null) {
      this.databases.clear();
      this.restarted = [];
    } else this.databases.delete(database);
    for (const [key, of] of this.names) if (database === null || of === database) this.names.delete(key);
  }

  private flushSlots(number: number, slots: SlotSet): void {
    this.flushes.flushSlots(number, slots);
    this.restarted = this.restarted.map((one) => ({ ...one, slots: one.slots.difference(slots) }));
    for (const counts of this.databases.values()) for (const slot of slots) counts.delete(slot);
    for (const key of this.names.keys()) if (slots.has(keySlot(key))) this.names.delete(key);
  }

  private importBegins(begin: SlotImport, number: number): void {
    this.flushSlots(number, begin.slots);
    this.imports.set(begin.job, begin);
  }

  /**
   * An import without success leaves no key. One whose beginning is not in the file leaves unknown ones: a rewrite in the form
   * of commands leaves out what had arrived (3.6).
   */
  private importEnds({ job, outcome, offset }: Extract<ReplayItem, { kind: 'import-end' }>, file: string, number: number): void {
    const known = this.imports.get(job);
    this.imports.delete(job);
    if (known === undefined) {
      this.problem({ kind: 'problem', database: 0, offset, command: 'CLUSTER SYNCSLOTS FINISH', reason: 'the file does not say which slots this import concerned, and lacks keys that it brought', keys: [], hint: REWRITE }, file, number);
    } else if (outcome === 'failed') {
      this.flushSlots(number, known.slots);
    } else if (outcome === 'restarted') {
      this.restarted.push(known);
    }
  }

  /** The file has ended: takes away what may be of slots that the node did not get, and returns it. */
  dropUnfinished(): UnfinishedImport[] {
    const unfinished = [...this.restarted, ...this.imports.values()].map(({ job, source, slots }) => ({ job, source, slots, ...this.sum(undefined, slots) }));
    for (const { slots } of unfinished) this.flushSlots(Infinity, slots);
    return unfinished.filter(({ keys, commands }) => keys + commands > 0);
  }

  private note(database: number, key: string): void {
    const first = this.names.get(key);
    if (first === undefined) this.names.set(key, database);
    else if (first !== database && this.repeated.length < MAX_PROBLEMS) this.repeated.push({ key, databases: [first, database] });
  }
}

// Summarises what is in an RDB file while it is read: keys and bytes by type, encoding, database and slot, expiries, the
// largest keys. Memory does not grow with the file, except for the names of keys with `repeats`. Pure.

import { SlotSet } from '../cluster/slot-set.js';
import { keySlot, SLOT_COUNT } from '../cluster/slots.js';
import { skipBody } from './skip-value.js';
import { contentsOf, countElements } from './contents.js';
import type { KeyFacts, RdbTarget } from './file-reader.js';
import { RdbError } from './rdb-error.js';
import type { RdbReader } from './rdb-reader.js';
import type { SlotImport } from './slot-import.js';
import { storedType, type StoredType } from './value-names.js';

export interface KeyTotals {
  keys: number;
  /** Bytes of the values in the file, compressed as they are there. */
  bytes: number;
}

export interface DatabaseTotals extends KeyTotals {
  readonly database: number;
  expiring: number;
}

/** One of the largest keys. */
export interface LargeKey {
  /** A binary string. */
  readonly key: string;
  readonly database: number;
  readonly slot: number;
  readonly type: string;
  readonly encoding: string;
  readonly bytes: number;
  /** Null for streams and module values. */
  readonly elements: number | null;
  /** Absolute expiry, ms; null for a key without expiry. */
  readonly expireAt: number | null;
}

export interface SummaryOptions {
  /** Which of the largest keys are kept; default 10. */
  readonly largest?: number;
  /** Keys that expire up to now count as expired; ms. */
  readonly now: number;
  /** Only these keys are counted; default all. */
  readonly wanted?: (database: number, key: string) => boolean;
  /** Look for keys of the same name in several databases; takes memory for all names. Default false. */
  readonly repeats?: boolean;
}

interface SummarisedValue {
  readonly type: number;
  /** A view of the input. */
  readonly body: Buffer;
}

/** Maximum number of repeated key names that are kept. */
const MAX_REPEATS = 1000;

export class ContentsSummary implements RdbTarget<SummarisedValue> {
  readonly all: KeyTotals = { keys: 0, bytes: 0 };
  /** The AUX fields. */
  readonly fields = new Map<string, string>();
  libraries = 0;
  readonly modules = new Set<string>();
  /** Collections without elements, which servers skip. */
  empties = 0;
  expired = 0;
  /** Slots whose import had not ended, and their keys, which are in no other total: servers drop them on load. */
  importingSlots = new SlotSet();
  importingKeys = 0;
  expiring = 0;
  soonest: number | null = null;
  latest: number | null = null;
  readonly slotKeys = new Uint32Array(SLOT_COUNT);
  readonly slotBytes = new Float64Array(SLOT_COUNT);
  /** By type number. */
  readonly stored = new Map<number, KeyTotals>();
  readonly databases = new Map<number, DatabaseTotals>();
  readonly repeated: { readonly key: string; readonly databases: readonly [number, number] }[] = [];
  private readonly names = new Map<string, number>();
  private readonly top: LargeKey[] = [];
  private readonly keep: number;

  constructor(private readonly options: SummaryOptions) {
    this.keep = options.largest ?? 10;
  }

  /** Largest first. */
  get largest(): readonly LargeKey[] {
    return this.top;
  }

  /** The stored type of a number that occurs in `stored`. */
  nameOf(type: number): StoredType {
    return storedType(type) ?? { kind: 'module', encoding: `RDB type ${type}`, since: 0 };
  }

  value(type: number, reader: RdbReader): SummarisedValue {
    const start = reader.position;
    skipBody(type, reader);
    return { type, body: reader.since(start) };
  }

  entry(database: number, key: string, { type, body }: SummarisedValue, { expireAt }: KeyFacts): void {
    const { wanted, repeats, now } = this.options;
    if (wanted?.(database, key) === false) return;
    const bytes = body.length;
    const slot = keySlot(key);
    this.slotKeys[slot]!++;
    this.slotBytes[slot]! += bytes;
    add(this.all, bytes);
    add(this.storedTotals(type), bytes);
    const ofDatabase = this.databaseTotals(database);
    add(ofDatabase, bytes);
    if (expireAt !== null) {
      this.expiring++;
      ofDatabase.expiring++;
      if (expireAt <= now) this.expired++;
      if (this.soonest === null || expireAt < this.soonest) this.soonest = expireAt;
      if (this.latest === null || expireAt > this.latest) this.latest = expireAt;
    }
    if (repeats === true) this.lookForRepeat(database, key);
    if (this.keep > 0 && (this.top.length < this.keep || bytes > this.top[this.top.length - 1]!.bytes)) this.insert(database, key, slot, type, body, expireAt);
  }

  slotImport({ slots }: SlotImport): void {
    this.importingSlots = this.importingSlots.union(slots);
  }

  importing(database: number, key: string): void {
    if (this.options.wanted?.(database, key) !== false) this.importingKeys++;
  }

  aux(name: string, value: string): void {
    this.fields.set(name, value);
  }

  empty(): void {
    this.empties++;
  }

  library(): void {
    this.libraries++;
  }

  moduleAux(module: string): void {
    this.modules.add(module);
  }

  private storedTotals(type: number): KeyTotals {
    let totals = this.stored.get(type);
    if (totals === undefined) this.stored.set(type, (totals = { keys: 0, bytes: 0 }));
    return totals;
  }

  private databaseTotals(database: number): DatabaseTotals {
    let totals = this.databases.get(database);
    if (totals === undefined) this.databases.set(database, (totals = { database, keys: 0, bytes: 0, expiring: 0 }));
    return totals;
  }

  private lookForRepeat(database: number, key: string): void {
    const first = this.names.get(key);
    if (first === undefined) this.names.set(key, database);
    else if (first !== database && this.repeated.length < MAX_REPEATS) this.repeated.push({ key, databases: [first, database] });
  }

  private insert(database: number, key: string, slot: number, type: number, body: Buffer, expireAt: number | null): void {
    const { kind, encoding } = this.nameOf(type);
    const elements = elementsOf(type, body);
    const at = this.top.findIndex(({ bytes }) => bytes < body.length);
    this.top.splice(at < 0 ? this.top.length : at, 0, { key, database, slot, type: kind, encoding, bytes: body.length, elements, expireAt });
    if (this.top.length > this.keep) this.top.pop();
  }
}

function add(totals: KeyTotals, bytes: number): void {
  totals.keys++;
  totals.bytes += bytes;
}

/** Null when the value cannot be opened. */
function elementsOf(type: number, body: Buffer): number | null {
  try {
    const contents = contentsOf(type, body);
    return contents === undefined ? null : countElements(contents);
  } catch (error) {
    if (error instanceof RdbError) return null; // The length of the value is valid, its contents are not: RESTORE will refuse it.
    throw error;
  }
}

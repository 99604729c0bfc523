// Reads the commands of an append-only file as data for a cluster: the database of each command, transactions as units,
// flushes. A command with keys in several slots is split by slot if the parts together have the same effect. Pure; runs
// nothing.
import { keySlot } from '../cluster/slots.js';
import { commandScope, type CommandScope } from './command-scope.js';
import type { SlotCommand } from './slot-command.js';
import { AofFormatError } from './record-reader.js';

/** A command whose keys are all in one slot. */
export interface ReplayCommand {
  readonly words: readonly string[];
  readonly keys: readonly string[];
  readonly slot: number;
}

export type ReplayItem =
  /** Commands that must run together: those of a transaction, or a single command (several when it was split by slot). */
  | { readonly kind: 'unit'; readonly database: number; readonly offset: number; readonly commands: readonly ReplayCommand[]; readonly transaction: boolean }
  /** Deletes all earlier data of one database, or of all (null). */
  | { readonly kind: 'flush'; readonly database: number | null; readonly offset: number }
  | (SlotCommand & { readonly offset: number })
  /**
   * Cannot be replayed. `unknown`: the command name is not known: it may be a damaged SELECT or EXEC, so what follows is
   * uncertain too.
   */
  | { readonly kind: 'problem'; readonly database: number; readonly offset: number; readonly command: string; readonly reason: string; readonly keys: readonly string[]; readonly unknown?: true; /** What to do; default: as for its kind. */ readonly hint?: string };

interface QueuedCommand {
  readonly words: readonly string[];
  readonly database: number;
  readonly offset: number;
}

function refusedItem(words: readonly string[], database: number, offset: number, { reason, unknown }: Extract<CommandScope, { kind: 'refused' }>): ReplayItem {
  return { kind: 'problem', database, offset, command: (words[0] ?? '').toUpperCase(), reason, keys: [], ...(unknown === undefined ? {} : { unknown }) };
}

/** @param wanted which keys are loaded; default all */
export class AofReplay {
  private database = 0;
  private queue: QueuedCommand[] | undefined;
  private queuedFrom = 0;

  constructor(private readonly wanted: (database: number, key: string) => boolean = () => true) {}

  /** Offset of a MULTI without EXEC so far; undefined outside a transaction. */
  get openTransaction(): number | undefined {
    return this.queue === undefined ? undefined : this.queuedFrom;
  }

  /**
   * The items of the next command of the file; none inside a transaction, whose items EXEC returns. A new file begins in
   * database 0. An unknown command is returned at once even inside a transaction: it may be a damaged EXEC, and then the end
   * of the transaction never comes. Throws AofFormatError for a MULTI inside a transaction and an EXEC outside of one.
   */
  take(words: readonly string[], offset: number): ReplayItem[] {
    const scope = commandScope(words);
    switch (scope.kind) {
      case 'multi':
        if (this.queue !== undefined) throw new AofFormatError(`MULTI inside the transaction that begins at byte ${this.queuedFrom}`, offset);
        this.queue = [];
        this.queuedFrom = offset;
        return [];
      case 'exec':
        return this.exec(offset);
      case 'select':
        this.database = scope.database;
        return [];
      default:
        return this.data(words, offset, scope);
    }
  }

  private data(words: readonly string[], offset: number, scope: CommandScope): ReplayItem[] {
    if (this.queue === undefined) return this.items([{ words, database: this.database, offset }], false);
    if (scope.kind === 'refused' && scope.unknown) return [refusedItem(words, this.database, offset, scope)];
    this.queue.push({ words, database: this.database, offset });
    return [];
  }

  private exec(offset: number): ReplayItem[] {
    const { queue } = this;
    if (queue === undefined) throw new AofFormatError('EXEC without MULTI', offset);
    this.queue = undefined;
    return this.items(queue, queue.length > 1);
  }

  /** Consecutive commands of one database become one unit. */
  private items(queue: readonly QueuedCommand[], transaction: boolean): ReplayItem[] {
    const items: ReplayItem[] = [];
    let open: { database: number; offset: number; commands: ReplayCommand[] } | undefined;
    for (const { words, database, offset } of queue) {
      const found = this.read(words, database, offset);
      if (Array.isArray(found)) {
        if (open?.database !== database) items.push({ kind: 'unit', transaction, ...(open = { database, offset, commands: [] }) });
        open.commands.push(...found);
      } else {
        open = undefined;
        items.push(found);
      }
    }
    return items.filter((item) => item.kind !== 'unit' || item.commands.length > 0);
  }

  private read(words: readonly string[], database: number, offset: number): ReplayCommand[] | ReplayItem {
    const scope = commandScope(words);
    const name = (words[0] ?? '').toUpperCase();
    if (scope.kind === 'flush-all') return { kind: 'flush', database: null, offset };
    if (scope.kind === 'flush-database') return { kind: 'flush', database, offset };
    if (scope.kind === 'import-begin' || scope.kind === 'import-end' || scope.kind === 'flush-slots') return { ...scope, offset };
    if (scope.kind === 'refused') return refusedItem(words, database, offset, scope);
    if (scope.kind !== 'keys') return [];
    const keys = scope.keys.map((at) => words[at]!);
    if (scope.split !== undefined) return this.divided(words, scope.keys, scope.split, database);
    const wanted = keys.filter((key) => this.wanted(database, key));
    if (wanted.length === 0) return [];
    const slots = new Set(keys.map(keySlot));
    const problem = (reason: string): ReplayItem => ({ kind: 'problem', database, offset, command: name, reason, keys });
    if (wanted.length < keys.length) return problem('some of its keys are wanted, others are not');
    if (slots.size > 1) return problem('its keys are in several slots');
    return [{ words, keys, slot: keySlot(keys[0]!) }];
  }

  /**
   * One command for each slot; together they have the effect of the original. An MSETNX in the file succeeded, so MSET does
   * the same.
   */
  private divided(words: readonly string[], positions: readonly number[], width: 1 | 2, database: number): ReplayCommand[] {
    const parts = new Map<number, { words: string[]; keys: string[]; slot: number }>();
    const name = width === 2 ? 'MSET' : words[0]!;
    for (const at of positions) {
      const key = words[at]!;
      if (!this.wanted(database, key)) continue;
      const slot = keySlot(key);
      const part = parts.get(slot) ?? { words: [name], keys: [], slot };
      parts.set(slot, part);
      part.keys.push(key);
      part.words.push(...words.slice(at, at + width));
    }
    return [...parts.values()];
  }
}

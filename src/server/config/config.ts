// The configuration of a node: current values of all parameters, CONFIG GET and SET, and change listeners. Reading redis.conf
// is in conf-file.ts, writing it in rewrite.ts.
import { ErrorReply } from '../../resp/server-reply.js';
import { matchGlob } from '../../resp/glob.js';
import type { Configured, Directive } from './configured.js';
import { ValueRefused } from './kinds.js';
import type { Parameter } from './parameter.js';
import { PARAMETERS } from './parameters/index.js';
import { guardUnsupported } from './unsupported.js';

export { PARAMETERS } from './parameters/index.js';

interface Slot {
  readonly parameter: Parameter;
  text: string;
  number: number;
  /** The file or the command line set a value. */
  given: boolean;
  readonly listeners: (() => void)[];
}

export interface ConfigOptions {
  /** Absolute path of the redis.conf that was read; CONFIG REWRITE writes it. */
  readonly file?: string;
}

export class Config implements Configured {
  readonly file: string | null;
  /** rename-command, user, loadmodule lines. */
  readonly directives: Directive[] = [];
  private readonly slots = new Map<string, Slot>();

  /**
   * @param initial values by name, each as CONFIG SET takes it; immutable ones too.
   * @throws ErrorReply with CONFIG SET's text for a name or value that is not accepted.
   */
  constructor(initial: Readonly<Record<string, string>> = {}, options: ConfigOptions = {}) {
    this.file = options.file ?? null;
    for (const parameter of PARAMETERS) {
      const slot: Slot = { parameter, text: '', number: 0, given: false, listeners: [] };
      assign(slot, parameter.default);
      this.slots.set(parameter.name, slot);
      if (parameter.alias) this.slots.set(parameter.alias, slot);
    }
    for (const [name, value] of Object.entries(initial)) {
      const slot = this.slots.get(name.toLowerCase()) ?? refuseName(name);
      assign(slot, parse(slot, name, value));
      slot.given = true;
    }
    guardUnsupported(this);
  }

  /** The canonical text, as CONFIG GET shows it. Throws RangeError for an unknown name. */
  text(name: string): string {
    return this.slot(name).text;
  }

  /** The value as a number; memory in bytes. A value beyond 2^53 is rounded to a double. */
  integer(name: string): number {
    return this.slot(name).number;
  }

  /** True for yes. */
  flag(name: string): boolean {
    return this.slot(name).text === 'yes';
  }

  /** Whether a file or the command line set it, to any value. */
  wasGiven(name: string): boolean {
    return this.slot(name).given;
  }

  /**
   * `listener` runs after a CONFIG SET that changed the parameter. When it throws ValueRefused the whole CONFIG SET is undone
   * and refused with its text.
   */
  onChange(name: string, listener: () => void): void {
    this.slot(name).listeners.push(listener);
  }

  /** Names and values whose name matches a glob, in either case. Aliases are listed too. */
  show(pattern: string): [name: string, value: string][] {
    const glob = pattern.toLowerCase();
    const exact = this.slots.get(glob);
    if (exact) return exact.parameter.hidden ? [] : [[glob, shown(exact)]];
    const found: [string, string][] = [];
    for (const [name, slot] of this.slots) {
      if (!slot.parameter.hidden && matchGlob(glob, name)) found.push([name, shown(slot)]);
    }
    return found;
  }

  /**
   * CONFIG SET: all pairs or none. `local`: the client connects from this host, which enable-protected-configs may require.
   * @throws ErrorReply with the text of Redis 7.0
   */
  set(pairs: readonly (readonly [name: string, value: string])[], local = true): void {
    const chosen = this.choose(pairs, local);
    const before = chosen.map(({ slot }) => slot.text);
    const undo = (): void => chosen.forEach(({ slot }, i) => assign(slot, before[i]!));
    try {
      for (const { slot, name, value } of chosen) assign(slot, parse(slot, name, value));
    } catch (error) {
      undo();
      throw error;
    }
    const changed = chosen.filter(({ slot }, i) => slot.text !== before[i]);
    for (const { slot, name } of changed) {
      const refusal = announce(slot);
      if (refusal === null) continue;
      undo();
      for (const other of changed) announce(other.slot);
      throw failed(name, refusal);
    }
  }

  /** The parameters of a CONFIG SET. Names are checked before values, the first unknown one before all. */
  private choose(pairs: readonly (readonly [string, string])[], local: boolean): { slot: Slot; name: string; value: string }[] {
    let error: ErrorReply | null = null;
    const chosen: { slot: Slot; name: string; value: string }[] = [];
    for (const [given, value] of pairs) {
      const name = given.toLowerCase();
      const slot = this.slots.get(name);
      if (!slot || slot.parameter.hidden) error ??= unknownName(given);
      else {
        error ??= this.forbidden(slot, name, local);
        // In Redis an alias is a separate parameter: both spellings are permitted in one call.
        if (chosen.some((other) => other.name === name)) error ??= failed(name, 'duplicate parameter');
        chosen.push({ slot, name, value });
      }
    }
    if (error) throw error;
    return chosen;
  }

  private forbidden({ parameter }: Slot, name: string, local: boolean): ErrorReply | null {
    if (!parameter.mutable) return failed(name, "can't set immutable config");
    if (!parameter.protected) return null;
    const allowed = this.text('enable-protected-configs');
    return allowed === 'yes' || (allowed === 'local' && local) ? null : failed(name, "can't set protected config");
  }

  /**
   * A line of redis.conf or an option of the command line: `words` follow the name. Unlike CONFIG SET it may set immutable
   * parameters, and lines that name the same list (save, client-output-buffer-limit) accumulate.
   * @returns false for an unknown name
   * @throws ValueRefused
   */
  load(name: string, words: readonly string[]): boolean {
    const slot = this.slots.get(name.toLowerCase());
    if (!slot) return false;
    const { kind } = slot.parameter;
    if (kind.many ? words.length === 0 && kind.mayBeBare !== true : words.length !== 1) throw new ValueRefused('wrong number of arguments');
    // The first save line replaces the defaults; output limits are changed class by class.
    const base = kind.adds && (slot.given || name.toLowerCase() !== 'save') ? slot.text : '';
    assign(slot, kind.parse(words, base));
    slot.given = true;
    return true;
  }

  /**
   * Sets a value derived from the system (the absolute path of a relative `dir`, a pidfile's default), without setting `given`.
   */
  resolve(name: string, text: string): void {
    assign(this.slot(name), text);
  }

  /** Every parameter once, under its own name, with its current value. */
  *entries(): IterableIterator<{ parameter: Parameter; text: string; given: boolean }> {
    for (const [name, { parameter, text, given }] of this.slots) {
      if (name === parameter.name) yield { parameter, text, given };
    }
  }

  /** The parameter with this name or alias. */
  find(name: string): Parameter | undefined {
    return this.slots.get(name.toLowerCase())?.parameter;
  }

  private slot(name: string): Slot {
    const slot = this.slots.get(name);
    if (!slot) throw new RangeError(`no configuration parameter is called ${name}`);
    return slot;
  }
}

/** The value as CONFIG GET prints it. */
const shown = ({ parameter, text }: Slot): string => parameter.kind.shown?.(text) ?? text;

function assign(slot: Slot, text: string): void {
  slot.text = text;
  slot.number = slot.parameter.kind.numeric ? Number(text) : 0;
}

function parse(slot: Slot, name: string, value: string): string {
  const { kind } = slot.parameter;
  const words = kind.many ? value.split(' ') : [value];
  try {
    return kind.parse(words, kind.adds && slot.parameter.name !== 'save' ? slot.text : '');
  } catch (error) {
    if (error instanceof ValueRefused) throw failed(name, error.message);
    throw error;
  }
}

/** Calls the listeners; returns the text of a refusal, or null. */
function announce(slot: Slot): string | null {
  try {
    for (const listener of slot.listeners) listener();
    return null;
  } catch (error) {
    if (error instanceof ValueRefused) return error.message;
    throw error;
  }
}

const failed = (name: string, reason: string): ErrorReply =>
  new ErrorReply(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);

const unknownName = (name: string): ErrorReply =>
  new ErrorReply(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`);

function refuseName(name: string): never {
  throw unknownName(name);
}

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

interface Setting {
  readonly parameter: Parameter;
  text: string;
  number: number;
  /** Set by the file or the command line. */
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
  private readonly settings = new Map<string, Setting>();

  /**
   * @param initial values by name, each as CONFIG SET takes it; immutable ones too.
   * @throws ErrorReply with CONFIG SET's text for a name or value that is not accepted.
   */
  constructor(initial: Readonly<Record<string, string>> = {}, options: ConfigOptions = {}) {
    this.file = options.file ?? null;
    for (const parameter of PARAMETERS) {
      const setting: Setting = { parameter, text: '', number: 0, given: false, listeners: [] };
      assign(setting, parameter.default);
      this.settings.set(parameter.name, setting);
      if (parameter.alias) this.settings.set(parameter.alias, setting);
    }
    for (const [name, value] of Object.entries(initial)) {
      const setting = this.settings.get(name.toLowerCase()) ?? refuseName(name);
      assign(setting, parse(setting, name, value));
      setting.given = true;
    }
    guardUnsupported(this);
  }

  /** The canonical text, as CONFIG GET shows it. Throws RangeError for an unknown name. */
  text(name: string): string {
    return this.setting(name).text;
  }

  /** The value as a number; memory in bytes. A value beyond 2^53 is rounded to a double. */
  integer(name: string): number {
    return this.setting(name).number;
  }

  /** True for yes. */
  flag(name: string): boolean {
    return this.setting(name).text === 'yes';
  }

  /** Whether a file or the command line set it, to any value. */
  wasGiven(name: string): boolean {
    return this.setting(name).given;
  }

  /**
   * `listener` runs after a CONFIG SET that changed the parameter. When it throws ValueRefused the whole CONFIG SET is undone
   * and refused with its text.
   */
  onChange(name: string, listener: () => void): void {
    this.setting(name).listeners.push(listener);
  }

  /** Names and values whose name matches a glob, in either case. Aliases are listed too. */
  show(pattern: string): [name: string, value: string][] {
    const glob = pattern.toLowerCase();
    const exact = this.settings.get(glob);
    if (exact) return exact.parameter.hidden ? [] : [[glob, shown(exact)]];
    const found: [string, string][] = [];
    for (const [name, setting] of this.settings) {
      if (!setting.parameter.hidden && matchGlob(glob, name)) found.push([name, shown(setting)]);
    }
    return found;
  }

  /**
   * CONFIG SET: all pairs or none. `local`: the client connects from this host, which enable-protected-configs may require.
   * @throws ErrorReply with the text of Redis 7.0
   */
  set(pairs: readonly (readonly [name: string, value: string])[], local = true): void {
    const chosen = this.choose(pairs, local);
    const before = chosen.map(({ setting }) => setting.text);
    const undo = (): void => chosen.forEach(({ setting }, i) => assign(setting, before[i]!));
    try {
      for (const { setting, name, value } of chosen) assign(setting, parse(setting, name, value));
    } catch (error) {
      undo();
      throw error;
    }
    const changed = chosen.filter(({ setting }, i) => setting.text !== before[i]);
    for (const { setting, name } of changed) {
      const refusal = announce(setting);
      if (refusal === null) continue;
      undo();
      for (const other of changed) announce(other.setting);
      throw failed(name, refusal);
    }
  }

  /** The parameters of a CONFIG SET. Names are checked before values, the first unknown one before all. */
  private choose(pairs: readonly (readonly [string, string])[], local: boolean): { setting: Setting; name: string; value: string }[] {
    let error: ErrorReply | null = null;
    const chosen: { setting: Setting; name: string; value: string }[] = [];
    for (const [given, value] of pairs) {
      const name = given.toLowerCase();
      const setting = this.settings.get(name);
      if (!setting || setting.parameter.hidden) error ??= unknownName(given);
      else {
        error ??= this.forbidden(setting, name, local);
        // In Redis an alias is a separate parameter: both spellings are permitted in one call.
        if (chosen.some((other) => other.name === name)) error ??= failed(name, 'duplicate parameter');
        chosen.push({ setting, name, value });
      }
    }
    if (error) throw error;
    return chosen;
  }

  private forbidden({ parameter }: Setting, name: string, local: boolean): ErrorReply | null {
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
    const setting = this.settings.get(name.toLowerCase());
    if (!setting) return false;
    const { kind } = setting.parameter;
    if (kind.many ? words.length === 0 && kind.mayBeBare !== true : words.length !== 1) throw new ValueRefused('wrong number of arguments');
    // The first save line replaces the defaults; output limits are changed class by class.
    const base = kind.adds && (setting.given || name.toLowerCase() !== 'save') ? setting.text : '';
    assign(setting, kind.parse(words, base));
    setting.given = true;
    return true;
  }

  /**
   * Sets a value derived from the system (the absolute path of a relative `dir`, a pidfile's default), without setting `given`.
   */
  resolve(name: string, text: string): void {
    assign(this.setting(name), text);
  }

  /** Every parameter once, under its own name, with its current value. */
  *entries(): IterableIterator<{ parameter: Parameter; text: string; given: boolean }> {
    for (const [name, { parameter, text, given }] of this.settings) {
      if (name === parameter.name) yield { parameter, text, given };
    }
  }

  /** The parameter with this name or alias. */
  find(name: string): Parameter | undefined {
    return this.settings.get(name.toLowerCase())?.parameter;
  }

  private setting(name: string): Setting {
    const setting = this.settings.get(name);
    if (!setting) throw new RangeError(`no configuration parameter is called ${name}`);
    return setting;
  }
}

/** The value as CONFIG GET prints it. */
const shown = ({ parameter, text }: Setting): string => parameter.kind.shown?.(text) ?? text;

function assign(setting: Setting, text: string): void {
  setting.text = text;
  setting.number = setting.parameter.kind.numeric ? Number(text) : 0;
}

function parse(setting: Setting, name: string, value: string): string {
  const { kind } = setting.parameter;
  const words = kind.many ? value.split(' ') : [value];
  try {
    return kind.parse(words, kind.adds && setting.parameter.name !== 'save' ? setting.text : '');
  } catch (error) {
    if (error instanceof ValueRefused) throw failed(name, error.message);
    throw error;
  }
}

/** Calls the listeners; returns the text of a refusal, or null. */
function announce(setting: Setting): string | null {
  try {
    for (const listener of setting.listeners) listener();
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

// Words of fuzzed requests: keys, numbers, option words and bytes, generated from a seed.
import { PARAMETERS } from '../../../src/server/config/parameters/index.js';
import { createCommandTable } from '../../../src/server/commands/index.js';
import type { ArgumentDoc } from '../../../src/server/exec/argument-doc.js';
import type { Command } from '../../../src/server/exec/command.js';
import { Crc64 } from '../../../src/rdb/crc64.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import type { Random } from '../../../src/server/runtime/random.js';

/** Every command and subcommand. */
const COMMANDS: readonly Command[] = createCommandTable().all.flatMap((command) => [command, ...(command.subcommands?.values() ?? [])]);

function* tokensOf(docs: readonly ArgumentDoc[]): Generator<string> {
  for (const doc of docs) {
    if (doc.token) yield doc.token;
    yield* tokensOf(doc.arguments ?? []);
  }
}

/** Option words of all commands. */
const TOKENS = [...new Set(COMMANDS.flatMap(({ spec }) => [...tokensOf(spec.arguments ?? [])]))];
/** The option words of one command, '' for those without. */
const TOKENS_OF = new Map(COMMANDS.map(({ fullName, spec }) => [fullName, [...tokensOf(spec.arguments ?? [])]] as const));

const INTEGERS = [
  '0', '1', '-1', '2', '3', '5', '10', '-10', '100', '1000', '-1000', '65535', '100000', '16383', '16384', '2147483647', '-2147483648', '4294967296',
  '9007199254740991', '9007199254740993', '9223372036854775807', '-9223372036854775808', '9223372036854775808', '18446744073709551615', '-200000',
];
const FLOATS = ['0.5', '-1.5', '1e308', '-1e308', 'inf', '-inf', '+inf', 'nan', '1e-320', '0x10', '(1', '(inf', '[a', '(b', '-', '+', '1.0000000000000000000001', '.5', '5.'];
const TEXTS = ['', 'a', 'b', 'hello', ' ', '*', 'k*', '[a-', '\\', '?', '{}', '{a}b', '%s', '\r\n', '$5', '*3', 'constructor', '__proto__', 'toString', 'NaN', 'null', 'id', 'w_*', 'h_*->f', '#'];
const PARAMETER_NAMES = PARAMETERS.map(({ name }) => name);

/** Groups of commands for one type; `generic` commands work on all. */
const FAMILIES = ['string', 'list', 'hash', 'set', 'sorted-set'];

export class Words {
  readonly random: Random;
  /** DUMP payloads seen, for RESTORE. */
  readonly payloads: string[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(bound: number): number {
    return this.random.below(bound);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.below(256));
    return text;
  }

  /** A key, mostly in the one slot of `{t}`; those of a family mostly hold its type. */
  key(family = this.of(FAMILIES)): string {
    if (this.below(50) === 0) return this.bytes(this.below(20));
    return this.below(10) === 0 ? `${this.of(['w_', 'h_', 'k'])}${this.below(12)}` : `{t}${family}${this.below(4)}`;
  }

  /** A word for the argument of a command (full name, lower case). */
  word(command: string): string {
    switch (this.below(16)) {
      case 0: case 1: case 2: case 3: return this.key();
      case 4: case 5: case 6: return this.of(INTEGERS);
      case 7: return this.of(FLOATS);
      case 8: case 9: case 10: return this.of(TOKENS_OF.get(command) ?? TOKENS) ?? '';
      case 11: return this.of(TOKENS);
      case 12: return this.of(TEXTS);
      case 13: return this.below(8) === 0 ? this.payload() : this.of(PARAMETER_NAMES);
      case 14: return this.below(200) === 0 ? 'x'.repeat(this.below(70_000)) : String(this.below(1000));
      default: return this.bytes(this.below(24));
    }
  }

  /** A payload for RESTORE: a real one, or a changed one with a correct checksum. */
  payload(): string {
    if (this.payloads.length === 0) return this.bytes(20);
    const bytes = Buffer.from(this.of(this.payloads), 'latin1');
    const body = bytes.length - 10;
    for (let left = this.below(4); left > 0 && body > 0; left--) bytes[this.below(body)] = this.of([0, 0xff, 0x7f, 0x80, 0xc3, 0xf0, this.below(256)]);
    const cut = this.below(4) === 0 ? this.below(body + 1) : body;
    const sealed = Buffer.concat([bytes.subarray(0, cut), bytes.subarray(body)]);
    new Crc64().update(sealed, 0, sealed.length - 8).writeTo(sealed, sealed.length - 8);
    return sealed.toString('latin1');
  }
}

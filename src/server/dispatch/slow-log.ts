// SLOWLOG: the last commands that took long, newest first, with arguments cut to a size that is safe to keep.
import type { Clock } from '../clock.js';
import type { Client } from './client.js';
import type { CommandOf } from './command-of.js';

const MAX_ARGUMENTS = 32;
const MAX_BYTES = 128;
/** Arguments that are secrets; what CONFIG SET gives to these is not kept. */
const SECRET = /^(requirepass|masterauth|masteruser|tls-key-file-pass|tls-client-key-file-pass)$/i;

export interface SlowEntry {
  readonly id: number;
  /** Unix time, seconds. */
  readonly at: number;
  readonly micros: number;
  readonly args: readonly string[];
  readonly remote: string;
  readonly clientName: string;
}

export class SlowLog {
  /** Milliseconds from which a command is noted; Infinity when none is. */
  threshold = Infinity;
  private limit = 0;
  private lastId = 0;
  private kept: SlowEntry[] = [];

  constructor(private readonly clock: Clock) {}

  /** slowlog-log-slower-than: microseconds, negative for off. */
  setThreshold(micros: number): void {
    this.threshold = micros < 0 ? Infinity : micros / 1000;
  }

  /** slowlog-max-len; entries beyond it go with the next that is noted, as in Redis. */
  setLimit(entries: number): void {
    this.limit = entries;
  }

  note(client: Client, command: CommandOf, args: readonly string[], ms: number): void {
    if (command.spec.flags.includes('skip_slowlog')) return;
    this.kept.unshift({
      id: this.lastId++,
      at: Math.floor(this.clock.now() / 1000),
      micros: Math.round(ms * 1000),
      args: shorten(redact(command, args)),
      remote: client.transport.remote,
      clientName: client.name,
    });
    if (this.kept.length > this.limit) this.kept.length = this.limit;
  }

  /** Newest first. */
  get entries(): readonly SlowEntry[] {
    return this.kept;
  }

  reset(): void {
    this.kept = [];
  }
}

function redact(command: CommandOf, args: readonly string[]): readonly string[] {
  if (command.fullName !== 'config|set') return args;
  return args.map((word, i) => (i >= 3 && i % 2 === 1 && SECRET.test(args[i - 1]!) ? '(redacted)' : word));
}

function shorten(args: readonly string[]): string[] {
  const kept = args.length > MAX_ARGUMENTS ? args.slice(0, MAX_ARGUMENTS - 1) : args;
  const short = kept.map((word) => (word.length > MAX_BYTES ? `${word.slice(0, MAX_BYTES)}... (${word.length - MAX_BYTES} more bytes)` : word));
  if (kept.length < args.length) short.push(`... (${args.length - kept.length} more arguments)`);
  return short;
}

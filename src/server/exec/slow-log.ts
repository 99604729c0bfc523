// SLOWLOG: the last slow commands, newest first, with shortened arguments.
import type { Clock } from '../runtime/clock.js';
import type { Client } from './client.js';
import type { CommandOf } from './command-of.js';
import { shownArgs } from './shown-args.js';

const MAX_ARGUMENTS = 32;
const MAX_BYTES = 128;

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
  /** Milliseconds from which a command is recorded; Infinity for never. */
  threshold = Infinity;
  private limit = 0;
  private lastId = 0;
  private kept: SlowEntry[] = [];

  constructor(private readonly clock: Clock) {}

  /** slowlog-log-slower-than: microseconds, negative for off. */
  setThreshold(micros: number): void {
    this.threshold = micros < 0 ? Infinity : micros / 1000;
  }

  /** slowlog-max-len; surplus entries are removed with the next recorded one, as in Redis. */
  setLimit(entries: number): void {
    this.limit = entries;
  }

  note(client: Client, command: CommandOf, args: readonly string[], ms: number): void {
    if (command.spec.flags.includes('skip_slowlog')) return;
    this.kept.unshift({
      id: this.lastId++,
      at: Math.floor(this.clock.now() / 1000),
      micros: Math.round(ms * 1000),
      args: shorten(shownArgs(command, args)),
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

/** The beginning of a word as a copy: a slice would keep the whole word in memory. */
const beginning = (word: string): string => Buffer.from(word.slice(0, MAX_BYTES), 'latin1').toString('latin1');

function shorten(args: readonly string[]): string[] {
  const kept = args.length > MAX_ARGUMENTS ? args.slice(0, MAX_ARGUMENTS - 1) : args;
  const short = kept.map((word) => (word.length > MAX_BYTES ? `${beginning(word)}... (${word.length - MAX_BYTES} more bytes)` : word));
  if (kept.length < args.length) short.push(`... (${args.length - kept.length} more arguments)`);
  return short;
}

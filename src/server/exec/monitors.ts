// MONITOR: clients that receive every command the node runs.
import { LongSimple } from '../../resp/long-reply.js';
import type { Clock } from '../runtime/clock.js';
import type { Client } from './client.js';
import type { CommandOf } from './command-of.js';
import { shownArgs } from './shown-args.js';

const NAMED: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b' };
const SPECIAL = /["\\]|[^\x20-\x7e]/g;
/** Characters quoted per string: each may become four, so one string for a long argument may exceed the maximum length. */
const AT_ONCE = 64 * 1024;

const escape = (c: string): string => NAMED[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** Bytes as Redis quotes them in MONITOR, in parts. */
function* quoted(text: string): Generator<string> {
  if (text.length <= AT_ONCE) return yield `"${text.replace(SPECIAL, escape)}"`;
  yield '"';
  for (let at = 0; at < text.length; at += AT_ONCE) yield text.slice(at, at + AT_ONCE).replace(SPECIAL, escape);
  yield '"';
}

export class Monitors {
  private readonly clients = new Set<Client>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.clients.size;
  }

  add(client: Client): void {
    this.clients.add(client);
  }

  remove(client: Client): void {
    this.clients.delete(client);
  }

  /** Sends a command to all monitors, after `by` has run it. Administrative commands are not shown. */
  feed(by: Client, command: CommandOf, args: readonly string[]): void {
    if (command.hidden) return;
    const { seconds, micros } = this.clock.micros();
    const parts = [`${seconds}.${String(micros).padStart(6, '0')} [${by.dbIndex} ${by.transport.remote}]`];
    for (const word of shownArgs(command, args)) {
      parts.push(' ');
      for (const part of quoted(word)) parts.push(part);
    }
    const line = new LongSimple(parts);
    for (const client of this.clients) client.put(line, false);
  }
}

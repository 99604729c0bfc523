// MONITOR: clients that see every command the node runs.
import { Simple } from '../../resp/server-reply.js';
import type { Clock } from '../clock.js';
import type { Client } from './client.js';

/** Bytes as Redis quotes them in MONITOR and logs. */
export function quoteBytes(text: string): string {
  let out = '"';
  for (const c of text) {
    const code = c.charCodeAt(0);
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\t') out += '\\t';
    else if (code === 7) out += '\\a';
    else if (code === 8) out += '\\b';
    else if (code < 32 || code > 126) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += c;
  }
  return out + '"';
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

  /** Tells everybody who listens about a command of `by`. */
  feed(by: Client, args: readonly string[]): void {
    const { seconds, micros } = this.clock.micros();
    const line = `${seconds}.${String(micros).padStart(6, '0')} [${by.dbIndex} ${by.transport.remote}] ${args.map(quoteBytes).join(' ')}`;
    for (const client of this.clients) client.reply(new Simple(line));
  }
}

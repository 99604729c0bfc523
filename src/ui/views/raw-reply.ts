// A server's reply as redis-cli's raw form prints it (cli.md 2.12, 8.12), and as JSON. Pure; binary strings in and out.
import type { OutputMode } from '../terminal.js';
import { DoubleReply, fromBinary, PushReply, ReplyError, type Reply } from '../../resp/reply.js';

/** Aggregates are flattened, one element per line; an empty one is an empty line; an error is followed by an empty line. */
export function rawReply(reply: Reply): string {
  if (reply === null) return '';
  if (reply instanceof ReplyError) return `${reply.text}\n`;
  if (reply instanceof DoubleReply) return reply.text;
  if (typeof reply === 'boolean') return reply ? '(true)' : '(false)';
  if (reply instanceof Map) return [...reply].map((pair) => pair.map(rawReply).join(' ')).join('\n');
  const items = itemsOf(reply);
  return items === undefined ? String(reply) : items.map(rawReply).join('\n');
}

/**
 * At a terminal: text whose second and later lines are indented, so that only this program's lines begin at the left margin.
 * When piped: the bytes, as redis-cli prints them.
 */
export function shownReply(binary: string, mode: OutputMode): string | Buffer {
  const bytes = Buffer.from(`${binary}\n`, 'latin1');
  return mode === 'table' ? `${bytes.toString().trimEnd().split(/\r?\n/).join('\n  ')}\n` : bytes;
}

function itemsOf(reply: Reply): readonly Reply[] | undefined {
  if (Array.isArray(reply)) return reply;
  if (reply instanceof Set) return [...reply];
  return reply instanceof PushReply ? reply.items : undefined;
}

function jsonValue(reply: Reply): unknown {
  if (typeof reply === 'string') return fromBinary(reply);
  if (typeof reply === 'bigint') return reply.toString();
  if (reply instanceof ReplyError) return { error: fromBinary(reply.text) };
  if (reply instanceof DoubleReply) return Number.isFinite(reply.value) ? reply.value : reply.text;
  if (reply instanceof Map) return Object.fromEntries([...reply].map(([key, value]) => [typeof key === 'string' ? fromBinary(key) : rawReply(key), jsonValue(value)]));
  return itemsOf(reply)?.map(jsonValue) ?? reply;
}

/** `{ reply }` or `{ error }`. Bytes that are not UTF-8 become U+FFFD. */
export function jsonReply(reply: Reply): { readonly reply: unknown } | { readonly error: string } {
  return reply instanceof ReplyError ? { error: fromBinary(reply.text) } : { reply: jsonValue(reply) };
}

// Reads replies as the type that a command promises; another type is a protocol error. Also INFO's `name:value` text.
import { ExitCode, TribError } from '../errors.js';
import { BulkList } from '../resp/bulk-list.js';
import type { Reply } from '../resp/reply.js';
import { ReplyError } from '../resp/reply.js';

function unexpected(reply: Reply | undefined, wanted: string): Error {
  if (reply instanceof ReplyError) return reply;
  const shown = reply === null ? 'nil' : reply === undefined ? 'nothing' : typeof reply;
  return new TribError('PROTOCOL', `Unexpected reply: expected ${wanted}, got ${shown}`, { exitCode: ExitCode.unreachable, hint: 'check that this is a Redis or Valkey server, not a proxy' });
}

/** A string reply; throws the ReplyError itself for an error reply, TribError PROTOCOL for another type. */
export function asString(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply;
  throw unexpected(reply, 'a string');
}

/** An integer reply within ±2^53. */
export function asInteger(reply: Reply | undefined): number {
  if (typeof reply === 'number') return reply;
  throw unexpected(reply, 'an integer');
}

export function asArray(reply: Reply | undefined): Reply[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply, 'an array');
}

export function asStrings(reply: Reply | undefined): string[] {
  return asArray(reply).map(asString);
}

/** An array of strings in wire format; throws as asStrings. Re-encodes an array that was not received in one piece. */
export function asBulks(reply: Reply | BulkList | undefined): BulkList {
  return reply instanceof BulkList ? reply : BulkList.of(asStrings(reply));
}

/** `name:value` lines of INFO and CLUSTER INFO; comments and empty lines are skipped. */
export function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** The value in a reply of CONFIG GET with one name; undefined when it is refused or the parameter is unknown. */
export function settingValue(reply: Reply | ReplyError | undefined): string | undefined {
  const value = reply instanceof Map ? [...reply.values()][0] : Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

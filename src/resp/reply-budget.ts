// The memory budget of one reply. Announced lengths are charged before any of their data is kept, so that a peer cannot cause
// large allocations without sending data. Costs are conservative estimates of V8's objects.
import { ExitCode, TribError } from '../errors.js';
import type { Reply } from './reply.js';
import { DoubleReply, ReplyError } from './reply.js';

/** Default bytes of one reply: a value of 512 MB, or about ten million keys. */
export const DEFAULT_REPLY_BYTES = 1024 ** 3;

/** Bytes of an element of an array, and of an element of a map or a set, which is first collected in a list. */
export const ELEMENT_COST = 16;
export const TABLE_ELEMENT_COST = 48;
const STRING_COST = 24;
const NUMBER_COST = 96; // doubles and big integers are objects
const AGGREGATE_COST = 192; // V8 allocates more than one element
const TABLE_COST = 256; // maps and sets start with a table of several entries
const ERROR_COST = 1024; // with its stack
const UNIT = 1e6;

/** Bytes of an element besides its slot in the aggregate; nested aggregates were charged before. */
function costOf(value: Reply): number {
  if (typeof value === 'string') return STRING_COST + value.length;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? NUMBER_COST : 0;
  if (value instanceof ReplyError) return ERROR_COST + value.message.length;
  if (value instanceof DoubleReply) return NUMBER_COST + value.text.length;
  return value instanceof Map || value instanceof Set ? TABLE_COST : AGGREGATE_COST;
}

export class ReplyBudget {
  private spent = 0;

  /** `max`: bytes of one reply. */
  constructor(private readonly max: number) {}

  /** Charges one element of an aggregate; `cost`: one of the costs above. Throws TribError REPLY_TOO_LARGE. */
  element(value: Reply, cost: number): void {
    this.spent += cost + costOf(value);
    if (this.spent > this.max) throw this.exceeded();
  }

  /** Charges a part of a text. Throws TribError REPLY_TOO_LARGE. */
  piece(length: number): void {
    this.spent += 2 * STRING_COST + length; // the array of parts grows as well
    if (this.spent > this.max) throw this.exceeded();
  }

  /** Throws TribError REPLY_TOO_LARGE when this many more bytes exceed the budget. */
  announce(bytes: number): void {
    if (this.spent + bytes > this.max) throw this.exceeded();
  }

  /** Starts the next reply. */
  reset(): void {
    this.spent = 0;
  }

  private exceeded(): TribError {
    return new TribError('REPLY_TOO_LARGE', `the reply would take more than ${Math.max(1, Math.round(this.max / UNIT))} MB of memory`, {
      hint: 'request less at a time, or allow more: --max-reply BYTES (and a larger heap: NODE_OPTIONS=--max-old-space-size=MB)',
      exitCode: ExitCode.unreachable,
    });
  }
}

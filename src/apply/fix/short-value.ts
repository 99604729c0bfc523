// The text of a short string value, read from its DUMP, so that a question about two copies of a key can show both. Pure.
import { RdbReader } from '../../rdb/rdb-reader.js';
import { fromBinary } from '../../resp/reply.js';

/** The type byte of a string in a DUMP (persistence-replication.md 2.1). */
const STRING = 0;
/** Characters of a value that is shown. */
const MAX_CHARACTERS = 60;
/** Bytes of a DUMP that may hold so few characters: 4 bytes each, type, length and footer. */
const MAX_BYTES = 4 * MAX_CHARACTERS + 20;
/** Letters, marks, digits, punctuation, symbols and blanks; no control or format character. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]*$/u;

function stringOf(payload: string): string | undefined {
  try {
    return fromBinary(new RdbReader(Buffer.from(payload, 'latin1'), 1).str());
  } catch {
    return undefined; // The question is asked without the value.
  }
}

/** `payload`: the reply to DUMP. Undefined for other types, and for values that are long or have unprintable characters. */
export function shortValue(payload: string): string | undefined {
  if (payload.charCodeAt(0) !== STRING || payload.length > MAX_BYTES) return undefined;
  const text = stringOf(payload);
  if (text === undefined || [...text].length > MAX_CHARACTERS || text.includes('\ufffd')) return undefined;
  return PRINTABLE.test(text) ? text : undefined;
}

// Compares DUMP payloads of hashes whose fields expire. HGETALL shows no expiries of fields, so equal replies do not mean
// equal hashes. Pure.
import { contentsOfDump, sameContents } from './contents.js';
import { RdbError } from './rdb-error.js';
import { RdbType, rdbType } from './value-types.js';

const EXPIRING: ReadonlySet<number> = new Set([RdbType.hashTtlPreGa, RdbType.hashListpackTtlPreGa, RdbType.hashTtl, RdbType.hashListpackTtl, RdbType.valkeyHashTtl]);

/** Bytes of the version and checksum at the end of a DUMP. */
const FOOTER = 10;

/** Whether a DUMP is of a hash whose fields expire. */
export function isExpiringHash(dump: Buffer): boolean {
  return dump.length > FOOTER && EXPIRING.has(rdbType(dump[0]!, dump.readUInt16LE(dump.length - FOOTER)));
}

/** Whether the two hashes are equal, the expiries of their fields too; undefined when neither is a hash whose fields expire. */
export function sameExpiringHashes(one: string, other: string): boolean | undefined {
  const [mine, theirs] = [Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')];
  if (!isExpiringHash(mine) && !isExpiringHash(theirs)) return undefined;
  try {
    const [left, right] = [contentsOfDump(mine), contentsOfDump(theirs)];
    return left !== undefined && right !== undefined && sameContents(left, right);
  } catch (error) {
    if (error instanceof RdbError) return false;
    throw error;
  }
}

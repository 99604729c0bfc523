// The payload of DUMP, RESTORE and MIGRATE: type, body, version, checksum (persistence-replication.md 2.1, 2.2).

import type { EncodingLimits } from '../../types/limits.js';
import type { Value } from '../../types/value.js';
import { Crc64 } from '../../../rdb/crc64.js';
import { decodeBody } from './decode-value.js';
import { encodeBody, rdbTypeOf } from './encode-value.js';
import { RdbError, corrupt } from '../../../rdb/rdb-error.js';
import { RdbReader } from '../../../rdb/rdb-reader.js';
import { RdbWriter } from '../../../rdb/rdb-writer.js';
import type { RdbWriterOptions } from '../../../rdb/rdb-writer.js';
import { RDB_VERSION, isReadable, rdbType } from '../../../rdb/value-types.js';

const FOOTER = 10;
const CHECKSUM = 8;

export interface DumpOptions extends RdbWriterOptions {
  /** list-max-listpack-size, default -2. */
  readonly listNodeSize?: number;
}

/** The reply of DUMP as bytes. */
export function dumpBuffer(value: Value, options: DumpOptions = {}): Buffer {
  const writer = new RdbWriter(options);
  writer.u8(rdbTypeOf(value));
  encodeBody(writer, value, options.listNodeSize);
  return sealPayload(writer);
}

/** The reply of DUMP as a binary string. */
export function dumpPayload(value: Value, options: DumpOptions = {}): string {
  return dumpBuffer(value, options).toString('latin1');
}

/** Adds version and checksum to what was written; also the footer of FUNCTION DUMP. */
export function sealPayload(writer: RdbWriter): Buffer {
  writer.u16(RDB_VERSION);
  writer.i64(0n);
  const payload = writer.toBuffer();
  const end = payload.length - CHECKSUM;
  new Crc64().update(payload, 0, end).writeTo(payload, end);
  return payload;
}

/** A reader of the bytes before the footer. Throws RdbError `footer` unless version and checksum are right. */
export function openPayload(payload: Buffer): RdbReader {
  const end = payload.length - CHECKSUM;
  if (payload.length < FOOTER || !isReadable(payload.readUInt16LE(end - 2))) throw badFooter();
  if (!new Crc64().update(payload, 0, end).equals(payload, end)) throw badFooter();
  return new RdbReader(payload, 0, payload.length - FOOTER);
}

/**
 * The value of a DUMP payload of any server up to Redis 8 and Valkey 9 (a binary string or bytes). Throws RdbError: `footer`
 * for RESTORE's "DUMP payload version or checksum are wrong", `unsupported` for streams, module values and hashes
 * with field expiry, else errors for which RESTORE replies "Bad data format".
 */
export function restorePayload(payload: string | Buffer, limits: EncodingLimits): Value {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const reader = openPayload(bytes);
  if (reader.remaining === 0) throw corrupt('no value');
  return decodeBody(rdbType(reader.u8(), bytes.readUInt16LE(bytes.length - FOOTER)), reader, limits);
}

function badFooter(): RdbError {
  return new RdbError('footer', 'DUMP payload version or checksum are wrong');
}

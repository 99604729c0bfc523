// Reads RDB files of every server, also of those newer than the bundled node. For tools, which need the extent of a value, not
// its contents.

import { RdbFileReader } from './file-reader.js';
import { RdbError, corrupt } from './rdb-error.js';
import type { RdbReader } from './rdb-reader.js';

/** The server whose value types a file uses: Valkey has its own from RDB version 80 on (Valkey 9). */
export type RdbFamily = 'redis' | 'valkey';

const HEADER = 9;

/** As RdbFileReader, for files of any version and family. */
export class AnyRdbReader<V> extends RdbFileReader<V> {
  family: RdbFamily = 'redis';

  protected override header(reader: RdbReader): void {
    const head = reader.raw(HEADER).toString('latin1');
    const [, magic, digits] = /^(REDIS(?=\d{4}$)|VALKEY(?=\d{3}$))(\d+)$/.exec(head) ?? [];
    if (magic === undefined) throw corrupt(`not an RDB file: it begins with ${JSON.stringify(head)}`);
    this.family = magic === 'VALKEY' ? 'valkey' : 'redis';
    this.version = Number(digits);
    if (this.version < 1) throw new RdbError('unsupported', `there is no RDB version ${digits ?? ''}`);
  }
}

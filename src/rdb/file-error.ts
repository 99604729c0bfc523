// Why an RDB file cannot be read, with the place in it.

import type { RdbErrorKind } from './rdb-error.js';

/** Bytes of a key that an error shows. */
const MAX_SHOWN = 128;

export class RdbFileError extends Error {
  /**
   * @param reason what is wrong there
   * @param offset byte of the file where the item begins that cannot be read
   * @param key the key whose value it is, as a binary string; null outside keys
   */
  constructor(
    readonly kind: RdbErrorKind,
    readonly reason: string,
    readonly offset: number,
    readonly key: string | null = null,
  ) {
    super(`${reason} at offset ${offset}${key === null ? '' : `, key ${JSON.stringify(key.slice(0, MAX_SHOWN))}`}`);
    this.name = 'RdbFileError';
  }
}

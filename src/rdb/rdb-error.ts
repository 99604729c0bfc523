// The error for RDB data that cannot be read, and the kinds that callers distinguish.

/**
 * truncated: the input ends inside a value (a stream may have more) · corrupt: invalid, whatever follows ·
 * unsupported: well formed, but a type this node does not have · empty: a collection without elements ·
 * footer: version or checksum of a DUMP payload.
 */
export type RdbErrorKind = 'truncated' | 'corrupt' | 'unsupported' | 'empty' | 'footer';

export class RdbError extends Error {
  constructor(
    readonly kind: RdbErrorKind,
    message: string,
  ) {
    super(message);
    this.name = 'RdbError';
  }
}

/** A `corrupt` error. */
export function corrupt(message: string): RdbError {
  return new RdbError('corrupt', message);
}

// CRC-64 "Jones", the checksum of RDB files and DUMP payloads (persistence-replication.md 1.6): reflected, init 0, no final
// xor. JS has no fast 64-bit integers, so the value is kept as two 32-bit halves.

const POLYNOMIAL_LOW = 0xac4bc9b5;
const POLYNOMIAL_HIGH = 0x95ac9329;

const TABLE_LOW = new Uint32Array(256);
const TABLE_HIGH = new Uint32Array(256);

for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry === 1) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  TABLE_LOW[byte] = low;
  TABLE_HIGH[byte] = high;
}

/** A running checksum. */
export class Crc64 {
  private low = 0;
  private high = 0;

  /** Adds bytes start..end (exclusive). */
  update(bytes: Uint8Array, start = 0, end = bytes.length): this {
    let { low, high } = this;
    for (let i = start; i < end; i++) {
      const slot = (low ^ (bytes[i] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (TABLE_LOW[slot] as number);
      high = (high >>> 8) ^ (TABLE_HIGH[slot] as number);
    }
    this.low = low;
    this.high = high;
    return this;
  }

  get value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  /** Writes the eight bytes, little-endian as on disk. */
  writeTo(target: Buffer, at: number): void {
    target.writeUInt32LE(this.low >>> 0, at);
    target.writeUInt32LE(this.high >>> 0, at + 4);
  }

  /** True when the eight bytes at `at` are this checksum. */
  equals(source: Buffer, at: number): boolean {
    return source.readUInt32LE(at) === this.low >>> 0 && source.readUInt32LE(at + 4) === this.high >>> 0;
  }
}

/** The checksum of a whole buffer. */
export function crc64(bytes: Uint8Array): bigint {
  return new Crc64().update(bytes).value;
}

// The slot of a key: CRC16/XMODEM of the key or of its hash tag (cluster-node.md 0.2). Keys are binary strings.

/** Number of slots of a cluster. */
export const SLOT_COUNT = 16_384;

function buildTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = crc & 0xffff;
  }
  return table;
}

const TABLE = buildTable();

/** CRC16/XMODEM of the bytes `start` (inclusive) to `end` (exclusive) of a binary string. */
export function crc16(bytes: string, start = 0, end = bytes.length): number {
  let crc = 0;
  for (let at = start; at < end; at++) crc = crc16Add(crc, bytes.charCodeAt(at));
  return crc;
}

/** The CRC16/XMODEM after one more byte: `crc` is that of the bytes before it, 0 at the start. */
export function crc16Add(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] as number);
}

/** The slot (0–16383) of a key. Only the text between the first `{` and the next `}` counts if it is not empty. */
export function keySlot(key: string): number {
  const open = key.indexOf('{');
  if (open >= 0) {
    const close = key.indexOf('}', open + 1);
    if (close > open + 1) return crc16(key, open + 1, close) & 0x3fff;
  }
  return crc16(key) & 0x3fff;
}

/** True for an integer from 0 to 16383. */
export function isSlot(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < SLOT_COUNT;
}

// RDB files as Redis 1.2 to 7.0 wrote them, built byte by byte from the specification (persistence-replication.md 1.1–1.9),
// without any code of the node, so that its reader is tested against independent bytes.

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const le = (value: number | bigint, bytes: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  return buffer.subarray(0, bytes);
};
const be32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};

// 1.3–1.5

export function len(n: number): Buffer {
  if (n < 64) return Buffer.from([n]);
  if (n < 16384) return Buffer.from([0x40 | (n >> 8), n & 255]);
  return Buffer.concat([hex('80'), be32(n)]);
}

/** A length in the form of eight bytes, new in 4.0. */
export const longLen = (n: number): Buffer => Buffer.concat([hex('81 00000000'), be32(n)]);

export const str = (text: string): Buffer => Buffer.concat([len(text.length), latin1(text)]);
const blob = (bytes: Buffer): Buffer => Buffer.concat([len(bytes.length), bytes]);

/** A string as an integer of 1, 2 or 4 bytes. */
export const int = (n: number, bytes: 1 | 2 | 4): Buffer => Buffer.concat([Buffer.from([{ 1: 0xc0, 2: 0xc1, 4: 0xc2 }[bytes]]), le(n, bytes)]);

/** `text` and then `text[0]` up to 200 times more, compressed: one literal run and one match that overlaps itself. */
export function lzf(text: string, repeats: number): Buffer {
  const literal = Buffer.concat([Buffer.from([text.length]), latin1(text), latin1(text[0]!)]);
  const packed = Buffer.concat([literal, Buffer.from([0xe0, repeats - 1 - 9, 0])]);
  return Buffer.concat([hex('c3'), len(packed.length), len(text.length + repeats), packed]);
}

export const textDouble = (text: '-inf' | 'inf' | 'nan' | (string & {})): Buffer =>
  text === '-inf' ? hex('ff') : text === 'inf' ? hex('fe') : text === 'nan' ? hex('fd') : Buffer.concat([Buffer.from([text.length]), latin1(text)]);

export const double = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return buffer;
};

// 1.8 Containers.

/** How an entry of a ziplist is encoded: a text by its length, or an integer of so many bits. */
export type ZiplistItem = string | { readonly n: number | bigint; readonly bits: 4 | 8 | 16 | 24 | 32 | 64 };

function ziplistEntry(item: ZiplistItem): Buffer {
  if (typeof item === 'string') {
    const size = item.length;
    const head = size < 64 ? Buffer.from([size]) : size < 16384 ? Buffer.from([0x40 | (size >> 8), size & 255]) : Buffer.concat([hex('80'), be32(size)]);
    return Buffer.concat([head, latin1(item)]);
  }
  const { n, bits } = item;
  if (bits === 4) return Buffer.from([0xf1 + Number(n)]);
  return Buffer.concat([Buffer.from([{ 8: 0xfe, 16: 0xc0, 24: 0xf0, 32: 0xd0, 64: 0xe0 }[bits]]), le(n, bits / 8)]);
}

/** @param wide index of an entry whose previous length takes five bytes though one would do; -1: none */
export function ziplist(items: readonly ZiplistItem[], wide = -1, count = items.length): Buffer {
  const entries: Buffer[] = [];
  let [previous, tail] = [0, 10];
  let at = 10;
  items.forEach((item, i) => {
    const head = previous < 254 && i !== wide ? Buffer.from([previous]) : Buffer.concat([hex('fe'), le(previous, 4)]);
    const entry = Buffer.concat([head, ziplistEntry(item)]);
    entries.push(entry);
    [previous, tail] = [entry.length, at];
    at += entry.length;
  });
  return blob(Buffer.concat([le(at + 1, 4), le(tail, 4), le(count, 2), ...entries, hex('ff')]));
}

/** @param free unused bytes after each value */
export function zipmap(pairs: readonly (readonly [string, string])[], free = 0, count = pairs.length): Buffer {
  const length = (text: string): Buffer => (text.length < 254 ? Buffer.from([text.length]) : Buffer.concat([hex('fe'), le(text.length, 4)]));
  const items = pairs.flatMap(([key, value]) => [length(key), latin1(key), length(value), Buffer.from([free]), latin1(value), Buffer.alloc(free, 0x55)]);
  return blob(Buffer.concat([Buffer.from([count]), ...items, hex('ff')]));
}

export const intset = (width: 2 | 4 | 8, values: readonly (number | bigint)[]): Buffer =>
  blob(Buffer.concat([le(width, 4), le(values.length, 4), ...values.map((value) => le(value, width))]));

/** Texts below 64 bytes and integers from 0 to 127. */
export function listpack(items: readonly (string | number)[]): Buffer {
  const entries = items.map((item) => (typeof item === 'number' ? Buffer.from([item, 1]) : Buffer.concat([Buffer.from([0x80 | item.length]), latin1(item), Buffer.from([item.length + 1])])));
  const body = Buffer.concat(entries);
  return blob(Buffer.concat([le(7 + body.length, 4), le(items.length, 2), body, hex('ff')]));
}

// 1.1, 1.2 The file.

export const many = (...items: readonly Buffer[]): Buffer => Buffer.concat([len(items.length), ...items]);
export const key = (type: number, name: string, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), str(name), body]);
export const select = (db: number): Buffer => Buffer.concat([hex('fe'), len(db)]);
export const resize = (keys: number, expires: number): Buffer => Buffer.concat([hex('fb'), len(keys), len(expires)]);
export const aux = (name: string, value: Buffer): Buffer => Buffer.concat([hex('fa'), str(name), value]);
export const seconds = (at: number): Buffer => Buffer.concat([hex('fd'), le(at, 4)]);
export const milliseconds = (at: number): Buffer => Buffer.concat([hex('fc'), le(at, 8)]);
export const idle = (n: number): Buffer => Buffer.concat([hex('f8'), len(n)]);
export const freq = (n: number): Buffer => Buffer.from([0xf9, n]);

/** 1.7: nine characters of six bits and a version; one value of every kind. */
export const moduleAux = Buffer.concat([hex('f7 81 00403f1b0f7a9400 02 01'), hex('01 05  02 81 ffffffffffffffff  03 00000000  04 0000000000000000  05'), str('x'), hex('00')]);

/** 1.9, with one entry, one group, one consumer and one pending entry. `form` is 1, 2 or 3. */
export function stream(form: 1 | 2 | 3): Buffer {
  const id = hex('00000000000003e8 0000000000000000');
  const position = Buffer.concat([len(1000), len(0)]);
  const entry = listpack([1, 0, 1, 'f', 0, 2, 0, 0, 'v', 4]);
  const further = form === 1 ? Buffer.alloc(0) : Buffer.concat([position, hex('00 00'), len(1)]);
  const times = form === 3 ? Buffer.concat([le(1_600_000_000_000, 8), le(-1, 8)]) : le(1_600_000_000_000, 8);
  const pending = many(Buffer.concat([id, le(1_600_000_000_000, 8), len(1)]));
  const consumer = Buffer.concat([str('c'), times, many(id)]);
  const group = Buffer.concat([str('g'), position, form === 1 ? Buffer.alloc(0) : len(1), pending, many(consumer)]);
  return Buffer.concat([many(Buffer.concat([blob(id), entry])), len(1), position, further, many(group)]);
}

/** A whole file; from version 5 on with its checksum. */
export function file(version: number, ...items: readonly Buffer[]): Buffer {
  const body = Buffer.concat([latin1(`REDIS${String(version).padStart(4, '0')}`), ...items, hex('ff')]);
  return version < 5 ? body : Buffer.concat([body, checksum(body)]);
}

/** 1.6, bit by bit. */
function checksum(bytes: Buffer): Buffer {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(crc);
  return out;
}

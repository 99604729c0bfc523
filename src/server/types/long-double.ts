// The x87 80-bit long double that INCRBYFLOAT and HINCRBYFLOAT compute with: 64 bits of mantissa, so 0.1 + 0.2 prints 0.3.
// Reads decimal text, adds with correct rounding, prints `%.17Lf` without trailing zeros (persistence-replication.md 5.1).
// Doubles are in numbers.ts.

/** A finite number mantissa × 2^exponent, or an infinity. The mantissa is signed, |mantissa| < 2^64. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly infinite: boolean;
}

const BITS = 64;
const MIN_EXPONENT = -16445;
const MAX_EXPONENT = 16320;
/** Redis refuses longer texts (MAX_LONG_DOUBLE_CHARS). */
const MAX_TEXT = 5 * 1024 - 1;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;
/** Decimal exponents outside this range are outside the format for every text of permitted length. */
const EXPONENT_GUARD = 20_000;

/** Reads what strtold reads and Redis accepts; null otherwise (NaN, blanks, overflow, a non-zero number that underflows). */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length === 0 || text.length > MAX_TEXT) return null;
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return fromDecimal(decimal[1], decimal[2] ?? '', decimal[3] ?? '', decimal[4] ?? '0');
  const infinite = INFINITY.exec(text);
  if (infinite !== null) return { mantissa: infinite[1] === '-' ? -1n : 1n, exponent: 0, infinite: true };
  const hex = HEX.exec(text);
  return hex === null ? null : fromHex(hex[1], hex[2] ?? '', hex[3] ?? '', hex[4] ?? '0');
}

/** a + b rounded to 64 bits of mantissa; null when the result is infinite or not a number. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | null {
  if (a.infinite || b.infinite) return null;
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const gap = high.exponent - low.exponent;
  const sum = (high.mantissa << BigInt(gap)) + low.mantissa;
  return round(sum < 0n, sum < 0n ? -sum : sum, low.exponent, false);
}

/** `%.17Lf` with trailing zeros and the dot removed, never an exponent, `-0` as `0`. */
export function formatLongDouble(value: LongDouble): string {
  if (value.infinite) return value.mantissa < 0n ? '-inf' : 'inf';
  const negative = value.mantissa < 0n;
  const size = negative ? -value.mantissa : value.mantissa;
  const scaled = size * 10n ** 17n;
  const units = value.exponent >= 0 ? scaled << BigInt(value.exponent) : shiftRounded(scaled, -value.exponent, false);
  const digits = units.toString().padStart(18, '0');
  const fraction = digits.slice(-17).replace(/0+$/, '');
  const text = fraction === '' ? digits.slice(0, -17) : `${digits.slice(0, -17)}.${fraction}`;
  // Only a bare "-0" loses its sign in Redis; every text that rounds to zero has become one here.
  return negative && text !== '0' ? `-${text}` : text;
}

function fromDecimal(sign: string | undefined, whole: string, fraction: string, power: string): LongDouble | null {
  if (whole === '' && fraction === '') return null;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return { mantissa: 0n, exponent: 0, infinite: false };
  const scale = Number(power) - fraction.length;
  if (Math.abs(scale) > EXPONENT_GUARD) return null;
  if (scale >= 0) return round(sign === '-', digits * 10n ** BigInt(scale), 0, false);
  const divisor = 10n ** BigInt(-scale);
  const shift = Math.max(0, bitLength(divisor) - bitLength(digits) + BITS + 2);
  const dividend = digits << BigInt(shift);
  const quotient = dividend / divisor;
  return round(sign === '-', quotient, -shift, quotient * divisor !== dividend);
}

function fromHex(sign: string | undefined, whole: string, fraction: string, power: string): LongDouble | null {
  if (whole + fraction === '') return null;
  const digits = BigInt(`0x${whole}${fraction}`);
  const scale = Number(power) - 4 * fraction.length;
  if (digits !== 0n && Math.abs(scale) > 2 * EXPONENT_GUARD) return null;
  return digits === 0n ? { mantissa: 0n, exponent: 0, infinite: false } : round(sign === '-', digits, scale, false);
}

/** Rounds size × 2^exponent (plus a fraction of one unit when `sticky`) to the format; null outside its range. */
function round(negative: boolean, size: bigint, exponent: number, sticky: boolean): LongDouble | null {
  if (size === 0n) return { mantissa: 0n, exponent: 0, infinite: false };
  const excess = Math.max(bitLength(size) - BITS, MIN_EXPONENT - exponent, 0);
  let mantissa = excess > 0 ? shiftRounded(size, excess, sticky) : size;
  let power = exponent + excess;
  if (mantissa >> BigInt(BITS) !== 0n) {
    mantissa >>= 1n;
    power++;
  }
  if (mantissa === 0n || power + bitLength(mantissa) - BITS > MAX_EXPONENT) return null;
  return { mantissa: negative ? -mantissa : mantissa, exponent: power, infinite: false };
}

/** value / 2^bits rounded half to even; `sticky`: the exact value is slightly larger. bits ≥ 1. */
function shiftRounded(value: bigint, bits: number, sticky: boolean): bigint {
  const shift = BigInt(bits);
  const kept = value >> shift;
  const rest = value - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (sticky || (kept & 1n) === 1n));
  return up ? kept + 1n : kept;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(parseInt(hex.charAt(0), 16)) - 28);
}

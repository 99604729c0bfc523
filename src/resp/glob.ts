// Redis's glob on bytes: * ? [set] [^set] [a-z] and \ escapes, including its quirks (KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET,
// --match).

const STAR = 42;
const QUESTION = 63;
const OPEN = 91;
const CLOSE = 93;
const BACKSLASH = 92;
const CARET = 94;
const DASH = 45;

/**
 * True when `pattern` matches all of `text`. With `nocase` ASCII letters match in either case. As in Redis an empty text
 * matches only an empty pattern, and an unclosed bracket ends with the pattern. Time is O(pattern × text).
 */
export function matchGlob(pattern: string, text: string, nocase = false): boolean {
  return nocase ? match(lower(pattern), lower(text)) : match(pattern, text);
}

/** Lower case of ASCII letters only; bytes from 128 on have no case. */
function lower(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Only the last star is retried. If the rest of the pattern fails at every position, a longer match of an earlier star cannot
 * help, because the last star has tried all later positions.
 */
function match(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starPattern = -1;
  let starText = 0;
  if (text.length === 0) return pattern.length === 0;
  for (;;) {
    if (t === text.length) {
      while (pattern.charCodeAt(p) === STAR) p++;
      // Every other element takes one byte, so a longer match of the star would leave less for them.
      return p >= pattern.length;
    }
    if (p < pattern.length) {
      if (pattern.charCodeAt(p) === STAR) {
        while (pattern.charCodeAt(p) === STAR) p++;
        if (p >= pattern.length) return true;
        starPattern = p;
        starText = t;
        continue;
      }
      const next = matchOne(pattern, p, text.charCodeAt(t));
      if (next >= 0) {
        p = next;
        t++;
        continue;
      }
    }
    if (starPattern < 0 || starText + 1 >= text.length) return false;
    p = starPattern;
    t = ++starText;
  }
}

/** Matches one byte against the pattern's element at `p`; returns the index of the next element, -1 on mismatch. */
function matchOne(pattern: string, p: number, byte: number): number {
  const code = pattern.charCodeAt(p);
  if (code === QUESTION) return p + 1;
  if (code === OPEN) return matchSet(pattern, p + 1, byte);
  if (code === BACKSLASH && p + 1 < pattern.length) return pattern.charCodeAt(p + 1) === byte ? p + 2 : -1;
  return code === byte ? p + 1 : -1;
}

function matchSet(pattern: string, start: number, byte: number): number {
  const { length } = pattern;
  let p = start;
  const negated = pattern.charCodeAt(p) === CARET;
  if (negated) p++;
  let found = false;
  for (; p < length; p++) {
    const code = pattern.charCodeAt(p);
    if (code === BACKSLASH && p + 1 < length) {
      p++;
      if (pattern.charCodeAt(p) === byte) found = true;
    } else if (code === CLOSE) {
      break;
    } else if (p + 2 < length && pattern.charCodeAt(p + 1) === DASH) {
      const end = pattern.charCodeAt(p + 2);
      if (byte >= Math.min(code, end) && byte <= Math.max(code, end)) found = true;
      p += 2;
    } else if (code === byte) {
      found = true;
    }
  }
  return found === negated ? -1 : Math.min(p + 1, length);
}

// Splits one line into arguments as Redis does for inline commands and redis.conf lines (persistence-replication.md 5.3).
// Independent of sockets and files.

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

const isSpace = (c: string | undefined): boolean =>
  c === ' ' || c === '\n' || c === '\r' || c === '\t' || c === '\v' || c === '\f' || c === '\0';

/**
 * Splits a line of binary text on white space. Double quotes know `\n \r \t \b \a \xHH` and backslash + any byte;
 * single quotes know only `\'`.
 * @returns the arguments (none for a blank line), or null when quotes are unbalanced or a closing quote is followed by
 *   something other than white space.
 */
export function splitLine(line: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at >= line.length) return words;
    const word = readWord(line, at);
    if (word === null) return null;
    words.push(word.text);
    at = word.end;
  }
}

function readWord(line: string, start: number): { text: string; end: number } | null {
  let text = '';
  let at = start;
  while (at < line.length && !isSpace(line[at])) {
    const c = line[at]!;
    if (c !== '"' && c !== "'") {
      text += c;
      at++;
      continue;
    }
    const quoted = c === '"' ? readDouble(line, at + 1) : readSingle(line, at + 1);
    if (quoted === null) return null;
    if (quoted.end < line.length && !isSpace(line[quoted.end])) return null;
    text += quoted.text;
    at = quoted.end;
  }
  return { text, end: at };
}

function readDouble(line: string, start: number): { text: string; end: number } | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const c = line[at]!;
    if (c === '"') return { text, end: at + 1 };
    if (c !== '\\' || at + 1 >= line.length) {
      text += c;
      continue;
    }
    const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
    if (hex) {
      text += String.fromCharCode(parseInt(hex[1]!, 16));
      at += 3;
    } else {
      const next = line[++at]!;
      text += ESCAPES[next] ?? next;
    }
  }
  return null;
}

function readSingle(line: string, start: number): { text: string; end: number } | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const c = line[at]!;
    if (c === "'") return { text, end: at + 1 };
    if (c === '\\' && line[at + 1] === "'") {
      text += "'";
      at++;
    } else {
      text += c;
    }
  }
  return null;
}

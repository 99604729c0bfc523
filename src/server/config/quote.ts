// Text between double quotes in the spelling that redis.conf, the command line and CONFIG REWRITE share.

const NAMED: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b' };

/** Binary text in double quotes; what does not print is written as an escape that splitLine reads back. */
export function quote(text: string): string {
  const body = text.replace(/["\\]|[^\x20-\x7e]/g, (c) => NAMED[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${body}"`;
}

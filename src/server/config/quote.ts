// Quoted text in the spelling of redis.conf, the command line and CONFIG REWRITE.

const NAMED: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b' };

/** Binary text in double quotes; unprintable bytes become escapes that splitLine reads back. */
export function quote(text: string): string {
  const body = text.replace(/["\\]|[^\x20-\x7e]/g, (c) => NAMED[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${body}"`;
}

// Makes foreign text safe for display: control characters are written as escapes. The escapes are those of JSON, so that a JSON
// document keeps its content. Not here: output (ui/io.ts), this program's colours (ui/style.ts).

/**
 * C0 without tab and newline, DEL, C1 (a terminal reads U+009B as the start of a control sequence), line separators,
 * bidirectional controls, which can disguise a text, and the invisible byte order mark.
 */
const CONTROL = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]', 'g');
const SHORT: ReadonlyMap<string, string> = new Map([['\r', '\\r'], ['\n', '\\n'], ['\t', '\\t']]);

function escaped(character: string): string {
  return SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text with every control character except tabs and newlines as `\u001b`, `\r`, …. */
export function visible(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** As `visible`, and tabs and newlines are escaped too: for text inside a line of output. */
export function oneLine(text: string): string {
  return visible(text).replace(/[\n\t]/g, escaped);
}

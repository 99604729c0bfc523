// Quotes one word of a command that is shown for pasting. Not here: which command (the commands themselves).

/** The word for a POSIX shell: unchanged where that is safe, else in single quotes. */
export function shellWord(word: string): string {
  return /^[\w./:@%,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

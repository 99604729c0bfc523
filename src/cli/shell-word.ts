// One word of a command that is shown to be typed or pasted. Not here: which command (the commands themselves).

/** The word as a POSIX shell takes it: as it is where that is safe, else in single quotes. */
export function shellWord(word: string): string {
  return /^[\w./:@%,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

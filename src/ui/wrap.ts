// Breaks sentences at blanks, so that a terminal does not break words. Not for commands that users copy: a line end would become
// a part of them. Pure.

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = indent;
  for (const word of line.slice(indent.length).split(' ')) {
    const longer = current.trim() === '' ? current + word : `${current} ${word}`;
    if (longer.length <= width || current.trim() === '') current = longer;
    else {
      lines.push(current);
      current = indent + word;
    }
  }
  return [...lines, current].join('\n');
}

/** No line is longer than `width`, except for longer words. Further lines of a broken line keep its indent. */
export function wrapWords(text: string, width: number): string {
  return text.split('\n').map((line) => (line.length <= width ? line : wrapLine(line, width))).join('\n');
}

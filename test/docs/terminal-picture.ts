// Draws what a program printed to a terminal, with its colours, as an SVG picture for README. Pure.

/** The colours of the escape sequences that the CLI uses (SGR 30–37, 90). */
const COLOURS: Readonly<Record<string, string>> = { 30: '#1f2328', 31: '#f85149', 32: '#3fb950', 33: '#d29922', 34: '#58a6ff', 35: '#bc8cff', 36: '#39c5cf', 37: '#e6edf3', 90: '#8b949e' };
const LINE = 20;
const COLUMN = 8.43;

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One line with SGR sequences as tspans. */
function spans(line: string): string {
  let style = '';
  return line
    .split(/(\u001b\[[\d;]*m)/)
    .map((part) => {
      const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1]?.split(';');
      if (codes === undefined) return part === '' ? '' : `<tspan${style}>${xml(part)}</tspan>`;
      for (const code of codes) {
        if (code === '1') style += ' font-weight="bold"';
        else if (COLOURS[code] !== undefined) style = ` fill="${COLOURS[code]}"`;
        else if (code === '0' || code === '' || code === '39' || code === '22') style = '';
      }
      return '';
    })
    .join('');
}

/** A picture of `text`; `command` is shown above it as typed. */
export function terminalPicture(command: string, text: string): string {
  const lines = [`\u001b[90m$\u001b[0m ${command}`, ...text.trimEnd().split('\n')];
  const plain = lines.map((line) => line.replace(/\u001b\[[\d;]*m/g, ''));
  const width = Math.ceil(Math.max(60, ...plain.map((line) => line.length)) * COLUMN) + 32;
  const height = lines.length * LINE + 28;
  const rows = lines.map((line, index) => `<text x="16" y="${28 + index * LINE}" xml:space="preserve">${spans(line)}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${xml(command)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="#e6edf3">',
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

// Text styles by meaning, not by colour, and their output to a terminal. Loads chalk only for a stream with colour. Only io.ts
// and the drawing code turn styled text into bytes (finished), so text from nodes cannot be styled.
import { randomInt } from 'node:crypto';
import { visible } from '../resp/visible.js';

/** Each member returns its text, coloured or unchanged. */
export interface Style {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly accent: (text: string) => string;
}

const asIs = (text: string): string => text;

/** No colour at all. */
export const plainStyle: Style = { good: asIs, warn: asIs, bad: asIs, strong: asIs, faint: asIs, accent: asIs };

/**
 * A random sequence before each style sequence until output. Without it a node that answers `ESC [ 32 m` could colour its text.
 * Chosen anew by each process and never shown. Libraries that count columns or close colours ignore it.
 */
const SECRET = Array.from({ length: 4 }, () => String(randomInt(1000, 10_000))).join(';');
const OURS = new RegExp(`\\u001b\\[${SECRET}m(\\u001b\\[\\d+m)`);

/** chalk's sequence with the random sequence before it. */
function marked(sequence: string): string {
  return `\u001b[${SECRET}m${sequence}`;
}

/** One style. It is restarted after a nested text with the same end code, and at the start of each line. */
function styler(paint: (text: string) => string): (text: string) => string {
  const [open = '', close = ''] = paint('|').split('|').map(marked);
  return (text) => (text === '' ? text : `${open}${text.replaceAll(close, open).replaceAll('\n', `${close}\n${open}`)}${close}`);
}

/** Colour is decided in terminal.ts, so the level is fixed; chalk does not read NO_COLOR. */
export async function loadStyle(color: boolean): Promise<Style> {
  if (!color) return plainStyle;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    good: styler(chalk.green),
    warn: styler(chalk.yellow),
    bad: styler(chalk.red),
    strong: styler(chalk.bold),
    faint: styler(chalk.dim),
    accent: styler(chalk.cyan),
  };
}

/** The text for a terminal or a pipe: this program's styles as sequences, every other control character visible. */
export function finished(text: string): string {
  // The captures of split are at odd indices.
  return text.split(OURS).map((part, index) => (index % 2 === 1 ? part : visible(part))).join('');
}

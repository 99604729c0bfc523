// The handful of text styles we use, by meaning, not by colour. Loads chalk only for a stream that gets colour.

/** Each member returns its text, coloured or as it is. */
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

/** We decide about colour ourselves (terminal.ts), so the level is fixed: chalk would not look at NO_COLOR. */
export async function loadStyle(color: boolean): Promise<Style> {
  if (!color) return plainStyle;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    good: (text) => chalk.green(text),
    warn: (text) => chalk.yellow(text),
    bad: (text) => chalk.red(text),
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
    accent: (text) => chalk.cyan(text),
  };
}

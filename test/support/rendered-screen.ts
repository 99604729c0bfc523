// What a terminal shows after a program's output: escape sequences carried out, lines wrapped, as text.
import headless from '@xterm/headless';

/** All lines from the first to the cursor, those scrolled out of sight included, without blanks at their ends. */
export async function renderedScreen(output: string, columns: number): Promise<string> {
  const terminal = new headless.Terminal({ cols: columns, rows: 40, scrollback: 1000, allowProposedApi: true });
  await new Promise<void>((written) => {
    terminal.write(output, written);
  });
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.baseY + active.cursorY + 1 }, (_, index) => active.getLine(index)?.translateToString(true) ?? '');
  terminal.dispose();
  return `${lines.join('\n').trimEnd()}\n`;
}

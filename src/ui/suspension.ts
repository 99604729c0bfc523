// Ctrl-Z while something is drawn: the terminal is given back as it was, and taken again after `fg`. Not here: SIGSTOP, which
// nobody hears of, and questions (prompts.ts).

export interface Suspendable {
  /** The shell is about to take the terminal: no hidden cursor, no half line. */
  leave(): void;
  /** It is ours again, after so many milliseconds in which nothing was done. */
  comeBack(ms: number): void;
}

/** Listens until the returned function is called. */
export function onSuspend(display: Suspendable): () => void {
  const suspend = (): void => {
    display.leave();
    const since = performance.now();
    // Without our listener the signal does what it always does, and nothing where no shell could bring us back. When it stops
    // us, that is before this call returns.
    process.off('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', suspend);
    display.comeBack(performance.now() - since);
  };
  process.on('SIGTSTP', suspend);
  return () => void process.off('SIGTSTP', suspend);
}

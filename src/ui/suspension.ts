// Ctrl-Z while something is drawn: restores the terminal, and redraws after `fg`. Not here: SIGSTOP, which cannot be observed,
// and questions (prompts.ts).

export interface Suspendable {
  /** Before the stop: show the cursor and remove a partial line. */
  leave(): void;
  /** After `fg`; `ms`: duration of the stop. */
  comeBack(ms: number): void;
}

/** Listens until the returned function is called. */
export function onSuspend(display: Suspendable): () => void {
  const suspend = (): void => {
    display.leave();
    const since = performance.now();
    // Without a listener the signal has its default effect: it stops the process before this call returns, or does nothing when
    // no shell could resume the process.
    process.off('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', suspend);
    display.comeBack(performance.now() - since);
  };
  process.on('SIGTSTP', suspend);
  return () => void process.off('SIGTSTP', suspend);
}

// How long a peer may be silent. A timer alone is unfair to it when this process stands still for a while (Ctrl-Z, a machine
// asleep): then it is overdue at once, and fires before what waits in the socket has been read, or asked for.

/** A limit is made of so many short ones, and a standstill, however long, takes up one of them. */
const SLICES = 8;

/**
 * Calls `over` when nothing has come for `ms` in which this process was running; `heard` counts what came (bytes). Returns
 * what ends the watch, which whoever gets what it was waiting for calls.
 */
export function limitSilence(ms: number, heard: () => number, over: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let look: NodeJS.Immediate | undefined;
  let left = ms;
  const wait = (): void => {
    const slice = Math.min(left, ms / SLICES);
    const begun = performance.now();
    // It may fire too early as well: Node counts from the beginning of the turn, which may be long ago.
    timer = setTimeout(() => {
      left -= Math.min(performance.now() - begun, slice);
      if (left > 0) wait();
      else lookOnce(heard());
    }, slice);
  };
  // Sockets are read between a timer and an immediate. While something comes, more of it may be waiting.
  const lookOnce = (before: number): void => {
    look = setImmediate(() => {
      const now = heard();
      if (now === before) over();
      else lookOnce(now);
    });
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(look);
  };
}

// Detects a silent peer. A plain timer fires at once when this process was suspended (Ctrl-Z, system sleep), before the data
// waiting in the socket has been read.

/** The limit is divided into this many timers; a suspension, however long, uses up one of them. */
const SLICES = 8;

/** Milliseconds until the second check, when the first found no new data. */
const RECHECK_MS = 5;

/** Extra milliseconds for data that is still arriving at the end of the limit: three times the limit, at least five seconds. */
function extraTime(ms: number): number {
  return Math.max(3 * ms, 5000);
}

/**
 * Calls `over` when nothing has arrived for `ms` of running time; `heard` counts received bytes. Data that keeps arriving gets
 * extra time, after which `overdue` is called. Returns the function that ends the watch, which the caller must call when it has
 * its reply.
 */
export function limitSilence(ms: number, heard: () => number, over: () => void, overdue = over): () => void {
  let timer: NodeJS.Timeout | undefined;
  let look: NodeJS.Immediate | undefined;
  let left = ms;
  let end = Infinity;
  const wait = (): void => {
    const slice = Math.min(left, ms / SLICES);
    const begun = performance.now();
    // A Node timer may fire early: it counts from the start of the event loop turn, which may be long ago.
    timer = setTimeout(() => {
      left -= Math.min(performance.now() - begun, slice);
      if (left > 0) wait();
      else {
        end = performance.now() + extraTime(ms);
        lookOnce(heard());
      }
    }, slice);
  };
  // Node reads the sockets between a timer and an immediate, so the immediate sees what was pending. The server is silent only
  // when nothing has arrived in two looks, RECHECK_MS apart: a busy sender may pause within a reply.
  const lookOnce = (before: number, patient = true): void => {
    look = setImmediate(() => {
      const now = heard();
      if (now !== before) return performance.now() > end ? overdue() : lookOnce(now);
      if (!patient) return over();
      timer = setTimeout(() => lookOnce(now, false), RECHECK_MS);
    });
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(look);
  };
}

// Where appliers wait: for time to pass (short polls and backoff), and for answers; both ended at once by an abort.
import { aborted } from '../client/socket.js';

/** Resolves after `ms`; rejects with ABORTED as soon as the signal fires. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(aborted(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * As `work`, but rejects with ABORTED as soon as the signal fires: a node that is asked may be frozen, and who stops does not
 * wait for its timeout. What was asked goes on unheard, so only for questions, and for orders that may be half carried out.
 */
export function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** A signal that fires `ms` after the given one did: for what usually ends in a moment, and should not be broken off then. */
export function graceAfter(signal: AbortSignal | undefined, ms: number): { readonly signal: AbortSignal; [Symbol.dispose](): void } {
  const grace = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => void (timer = setTimeout(() => grace.abort(signal?.reason), ms));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: grace.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

// Waiting in appliers: for time to pass (short polls and backoff) and for replies; an abort ends both at once.
import { aborted } from '../../client/socket.js';

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
 * As `work`, but rejects with ABORTED as soon as the signal fires: the node may be hung, and an abort must not wait for its
 * timeout. The request itself continues, so use this only for reads and for commands that may be left half done.
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

/** A signal that fires `ms` after the given one, for work that usually ends soon and should not be interrupted before. */
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

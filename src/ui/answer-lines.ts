// Answers read from stdin when it is a pipe or a file, or when stderr is not the terminal: one line per question, in order. Not
// here: what a line means (prompts.ts).
import { ExitCode, TribError } from '../errors.js';
import type { InputStream } from './streams.js';

/** Milliseconds without a byte after which an open pipe counts as one without a writer. */
export const SILENCE_MS = 10_000;

export class AnswerLines {
  private rest = '';
  private ended = false;

  constructor(private readonly input: InputStream) {}

  /**
   * The next line without its end; undefined at the end of input. `silenceMs` 0: no limit. Rejects with TribError SILENT_INPUT
   * after `silenceMs` without a byte, INTERRUPTED on the signal.
   */
  async line(silenceMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    while (!this.rest.includes('\n') && !this.ended) await this.more(silenceMs, signal);
    const end = this.rest.indexOf('\n');
    if (end < 0 && this.rest === '') return undefined;
    const line = end < 0 ? this.rest : this.rest.slice(0, end);
    this.rest = end < 0 ? '' : this.rest.slice(end + 1);
    return line.replace(/\r$/, '');
  }

  /** Waits for one chunk of input. An endless writer (`yes |`) is paused between two chunks. */
  private more(silenceMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { input } = this;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        for (const [event, listener] of listeners) input.off(event, listener);
        input.pause();
        settle();
      };
      const onAbort = (): void => finish(() => reject(new TribError('INTERRUPTED', 'interrupted: nothing was changed', { exitCode: ExitCode.interrupted })));
      const onEnd = (): void => finish(() => ((this.ended = true), resolve()));
      const onData = (piece: Buffer | string): void => finish(() => ((this.rest += piece.toString()), resolve()));
      const listeners: readonly (readonly [string, (piece: Buffer | string) => void])[] = [['data', onData], ['end', onEnd], ['close', onEnd], ['error', onEnd]];
      const silent = (): void => finish(() => reject(new TribError('SILENT_INPUT', `stdin is open, but no input arrived for ${silenceMs / 1000} s`, { exitCode: ExitCode.usage })));
      const timer = silenceMs > 0 ? setTimeout(silent, silenceMs) : undefined;
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      for (const [event, listener] of listeners) input.on(event, listener);
      if ((input as { readonly readableEnded?: boolean }).readableEnded === true) return onEnd();
      input.resume();
    });
  }
}

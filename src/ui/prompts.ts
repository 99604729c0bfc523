// Questions to a person, through inquirer, loaded only when one is asked. Every question names the flag that answers it:
// without a terminal the question is never put and the flag is what the error tells (specs/ux.md rule 5).
import { ExitCode, TribError } from '../errors.js';
import type { InputStream, OutputStream } from './streams.js';
import { onSuspend } from './suspension.js';

export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  /** A second line shown under the list while this choice is selected. */
  readonly description?: string;
}

export interface Prompts {
  /** The predecessors' yes: only the word `yes` accepts, and the question should say so. Rejects with DECLINED (exit 4) for anything else. */
  confirm(question: string, flag: string): Promise<void>;
  text(question: string, flag: string, validate: (answer: string) => true | string): Promise<string>;
  select<T>(question: string, flag: string, choices: readonly Choice<T>[]): Promise<T>;
  /** At least one of the choices. */
  selectMany<T>(question: string, flag: string, choices: readonly Choice<T>[]): Promise<T[]>;
  /** Typed without echo. */
  password(question: string, flag: string): Promise<string>;
}

export interface PromptTerminal {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly interactive: boolean;
  readonly signal: AbortSignal | undefined;
}

function notATerminal(question: string, flag: string): TribError {
  return new TribError('NOT_A_TERMINAL', `cannot ask "${question}": there is no terminal to ask on`, {
    hint: `answer it on the command line: add ${flag}`,
    exitCode: ExitCode.usage,
  });
}

/** inquirer reports Ctrl-C, end of input and an aborted signal as errors of its own; all of them mean "the user left". */
function asInterruption(error: unknown): unknown {
  const name = error instanceof Error ? error.name : '';
  if (name !== 'ExitPromptError' && name !== 'AbortPromptError') return error;
  return new TribError('INTERRUPTED', 'interrupted: nothing was changed', { exitCode: ExitCode.interrupted });
}

/** The refusal itself, also used where a plan was shown and `no` was the answer. */
export function declined(): TribError {
  return new TribError('DECLINED', 'not confirmed: nothing was changed', { exitCode: ExitCode.declined });
}

/** Aborts at Ctrl-D or when the terminal goes away: inquirer would wait for ever. */
function watchEnd(input: InputStream): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onEnd = (): void => controller.abort();
  const onData = (chunk: Buffer | string): void => {
    if (chunk.includes('\u0004')) onEnd();
  };
  input.on('data', onData);
  input.once('end', onEnd);
  input.once('close', onEnd);
  return {
    signal: controller.signal,
    dispose: () => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.off('close', onEnd);
    },
  };
}

const SHOW_CURSOR = '\u001b[?25h';

/**
 * Ctrl-Z and `fg`: afterwards Node's readline waits to be told to read again, which inquirer does not. Nothing typed would
 * arrive, or inquirer takes it for the end, and a password is typed into the shell. The question is shown again, below what
 * the shell has written. Returns what ends it.
 */
function watchReturn({ input, output }: PromptTerminal, question: string): () => void {
  const onReturn = (): void => {
    // readline's own listener came later than this one.
    setImmediate(() => {
      input.resume();
      output.write(`? ${question} `);
    });
  };
  process.on('SIGCONT', onReturn);
  const unwatch = onSuspend({ leave: () => void output.write(SHOW_CURSOR), comeBack: () => undefined });
  return () => {
    unwatch();
    process.off('SIGCONT', onReturn);
  };
}

/** What inquirer is asked for one answer. */
type Question<T> =
  | { readonly type: 'input'; readonly validate: (typed: string) => true | string }
  | { readonly type: 'select' | 'checkbox'; readonly choices: readonly Choice<T>[]; readonly pageSize: number; readonly required?: boolean }
  | { readonly type: 'password' };

class TerminalPrompts implements Prompts {
  constructor(private readonly terminal: PromptTerminal) {}

  async confirm(question: string, flag: string): Promise<void> {
    const answer = await this.text(question, flag, () => true);
    if (answer.toLowerCase() !== 'yes') throw declined();
  }

  async text(question: string, flag: string, validate: (answer: string) => true | string): Promise<string> {
    const answer = await this.#ask<string, string>(question, flag, { type: 'input', validate: (typed) => validate(typed.trim()) });
    return answer.trim();
  }

  select<T>(question: string, flag: string, choices: readonly Choice<T>[]): Promise<T> {
    return this.#ask<T, T>(question, flag, { type: 'select', choices, pageSize: 12 });
  }

  selectMany<T>(question: string, flag: string, choices: readonly Choice<T>[]): Promise<T[]> {
    return this.#ask<T[], T>(question, flag, { type: 'checkbox', choices, pageSize: 12, required: true });
  }

  password(question: string, flag: string): Promise<string> {
    return this.#ask<string, string>(question, flag, { type: 'password' });
  }

  async #ask<Answer, T>(message: string, flag: string, question: Question<T>): Promise<Answer> {
    const { input, output, interactive, signal } = this.terminal;
    if (!interactive) throw notATerminal(message, flag);
    const { default: inquirer } = await import('inquirer');
    const ended = watchEnd(input);
    const returned = watchReturn(this.terminal, message);
    const prompt = inquirer.createPromptModule({ input: input as NodeJS.ReadStream, output, signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]) });
    try {
      const answers: { answer?: Answer } = await prompt([{ ...question, name: 'answer', message }] as Parameters<typeof prompt>[0]);
      return answers.answer as Answer;
    } catch (error) {
      throw asInterruption(error);
    } finally {
      ended.dispose();
      returned();
    }
  }
}

export function createPrompts(terminal: PromptTerminal): Prompts {
  return new TerminalPrompts(terminal);
}

// Questions at a terminal, through inquirer, loaded only when one is asked. Every question names the flag that answers it. Not
// here: answers from a pipe (line-prompts.ts).
import { ExitCode, TribError } from '../errors.js';
import { answerOf, type Choice, type Pick, type Picked } from './pick.js';
import type { InputStream, OutputStream } from './streams.js';
import { finished } from './style.js';
import { onSuspend } from './suspension.js';
import { usableColumns } from './terminal.js';
import type { TypedLines } from './typed-lines.js';
import { wrapWords } from './wrap.js';

export interface Prompts {
  /**
   * The predecessors' confirmation: only the word `yes` accepts, and the question should say so. Rejects with DECLINED (exit 4)
   * for anything else.
   */
  confirm(question: string, flag: string): Promise<void>;
  text(question: string, flag: string, validate: (answer: string) => true | string): Promise<string>;
  select<T>(question: string, flag: string, choices: readonly Choice<T>[]): Promise<T>;
  /** Choices given by words or by arrow keys (pick.ts). */
  pick<T>(pick: Pick<T>, flag: string): Promise<readonly [T, ...T[]]>;
  /** Typed without echo. */
  password(question: string, flag: string): Promise<string>;
}

export interface PromptTerminal {
  readonly input: InputStream | TypedLines;
  readonly output: OutputStream;
  readonly signal: AbortSignal | undefined;
}

/** inquirer reports Ctrl-C, end of input and an aborted signal as its own errors; all of them mean that the user left. */
function asInterruption(error: unknown): unknown {
  const name = error instanceof Error ? error.name : '';
  if (name !== 'ExitPromptError' && name !== 'AbortPromptError') return error;
  return new TribError('INTERRUPTED', 'interrupted: nothing was changed', { exitCode: ExitCode.interrupted });
}

/** The error of a declined question, also after a plan was shown and answered with `no`. */
export function declined(): TribError {
  return new TribError('DECLINED', 'not confirmed: nothing was changed', { exitCode: ExitCode.declined });
}

/** Aborts at Ctrl-D or when the terminal closes; inquirer would wait for ever. */
function watchEnd(input: InputStream | TypedLines): { readonly signal: AbortSignal; dispose(): void } {
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
 * Resumes input after Ctrl-Z and `fg`. Node's readline stays paused then, and inquirer does not resume it: typed text would not
 * arrive, would count as the end of input, or a password would reach the shell. Shows the question again below the shell's
 * output. Returns the function that ends it.
 */
function watchReturn({ input, output }: PromptTerminal, question: string): () => void {
  const onReturn = (): void => {
    // Runs after readline's own listener.
    setImmediate(() => {
      input.resume();
      output.write(finished(`? ${question} `));
    });
  };
  process.on('SIGCONT', onReturn);
  const unwatch = onSuspend({ leave: () => void output.write(SHOW_CURSOR), comeBack: () => undefined });
  return () => {
    unwatch();
    process.off('SIGCONT', onReturn);
  };
}

/** inquirer's options of one question. */
type Question<T> =
  | { readonly type: 'input'; readonly validate: (typed: string) => true | string; readonly theme: { readonly validationFailureMode: 'clear' } }
  | { readonly type: 'select'; readonly choices: readonly Choice<T>[]; readonly pageSize: number }
  | { readonly type: 'password' };

function visibleAnswer(answer: true | string): true | string {
  return answer === true ? answer : finished(answer);
}

/** Names contain hosts and ids from nodes. */
function shown<T>(choice: Choice<T>): Choice<T> {
  return { ...choice, name: finished(choice.name) };
}

/** Columns beside a question: its mark before it, a short answer behind it. */
const BESIDE_QUESTION = 10;

class TerminalPrompts implements Prompts {
  constructor(private readonly terminal: PromptTerminal) {}

  private get columns(): number {
    return usableColumns(true, this.terminal.output.columns);
  }

  async confirm(question: string, flag: string): Promise<void> {
    const answer = await this.text(question, flag, () => true);
    if (answer.toLowerCase() !== 'yes') throw declined();
  }

  async text(question: string, _flag: string, validate: (answer: string) => true | string): Promise<string> {
    const answer = await this.#ask<string, string>(question, { type: 'input', validate: (typed) => visibleAnswer(validate(typed.trim())), theme: { validationFailureMode: 'clear' } });
    return answer.trim();
  }

  select<T>(question: string, _flag: string, choices: readonly Choice<T>[]): Promise<T> {
    return this.#ask<T, T>(question, { type: 'select', choices: choices.map(shown), pageSize: 12 });
  }

  async pick<T>(pick: Pick<T>, _flag: string): Promise<readonly [T, ...T[]]> {
    const { pickPrompt } = await import('./pick-prompt.js');
    return answerOf(await this.#guarded(pick.question(1), (context) => pickPrompt({ pick: pick as Pick<unknown>, columns: this.columns }, context) as Promise<Picked<T>>));
  }

  password(question: string, _flag: string): Promise<string> {
    return this.#ask<string, string>(question, { type: 'password' });
  }

  async #ask<Answer, T>(message: string, question: Question<T>): Promise<Answer> {
    const { default: inquirer } = await import('inquirer');
    return this.#guarded(message, async (context) => {
      const prompt = inquirer.createPromptModule(context);
      const answers: { answer?: Answer } = await prompt([{ ...question, name: 'answer', message: wrapWords(finished(message), this.columns - BESIDE_QUESTION) }] as Parameters<typeof prompt>[0]);
      return answers.answer as Answer;
    });
  }

  /** Runs a prompt that ends with the input and is drawn again after Ctrl-Z. */
  async #guarded<Answer>(message: string, ask: (context: PromptContext) => Promise<Answer>): Promise<Answer> {
    const { input, output, signal } = this.terminal;
    const ended = watchEnd(input);
    const returned = watchReturn(this.terminal, message);
    try {
      return await ask({ input: input as unknown as NodeJS.ReadStream, output, signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]) });
    } catch (error) {
      throw asInterruption(error);
    } finally {
      ended.dispose();
      returned();
    }
  }
}

interface PromptContext {
  readonly input: NodeJS.ReadStream;
  readonly output: OutputStream;
  readonly signal: AbortSignal;
}

export function createPrompts(terminal: PromptTerminal): Prompts {
  return new TerminalPrompts(terminal);
}

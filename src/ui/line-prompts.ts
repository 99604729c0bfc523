// Questions answered by lines of stdin, as the predecessors read them: `yes |`, `echo yes |`, `<<< yes`, a file. The question
// is printed as they print it; at the end of input the error names the flag that answers it. Not here: questions at a terminal
// (prompts.ts).
import { ExitCode, TribError } from '../errors.js';
import type { AnswerLines } from './answer-lines.js';
import { SILENCE_MS } from './answer-lines.js';
import { answerOf, NOTHING_PICKED, pickWords, type Pick, type Picked } from './pick.js';
import { declined, type Prompts } from './prompts.js';

/** The error for a question without an answer. `why`: what is missing. */
export function unanswered(question: string, flag: string, why: string, code = 'NO_ANSWER'): TribError {
  return new TribError(code, `cannot ask "${question}": ${why}`, { hint: `answer it on the command line: add ${flag}`, exitCode: ExitCode.usage });
}

export interface LineSource {
  readonly lines: AnswerLines;
  /** Prints a question, or the lines above it. */
  readonly print: (text: string) => void;
  /** Typed at a terminal: no time limit. */
  readonly typed: boolean;
  readonly signal: AbortSignal | undefined;
}

class LinePrompts implements Prompts {
  constructor(private readonly source: LineSource) {}

  /** Accepts `y` too, which the program yes sends. */
  async confirm(question: string, flag: string): Promise<void> {
    const answer = await this.ask(question, flag);
    if (!/^y(es)?$/i.test(answer)) throw declined();
  }

  async text(question: string, flag: string, validate: (answer: string) => true | string): Promise<string> {
    const answer = await this.ask(question, flag);
    const verdict = validate(answer);
    if (verdict !== true) throw new TribError('USAGE', verdict, { exitCode: ExitCode.usage, hint: `it was the answer to "${question}" on stdin; use ${flag} instead` });
    return answer;
  }

  select(question: string, flag: string): Promise<never> {
    return Promise.reject(unanswered(question, flag, 'it needs a terminal'));
  }

  async pick<T>(pick: Pick<T>, flag: string): Promise<readonly [T, ...T[]]> {
    for (const line of pick.intro ?? []) this.source.print(`${line}\n`);
    let picked: Picked<T> = NOTHING_PICKED;
    while (!picked.complete) {
      // As the predecessors: the reason of a refused word is printed, and the word is skipped.
      picked = pickWords(pick, picked, await this.ask(pick.question(picked.values.length + 1), flag), (reason) => this.source.print(`${reason}\n`));
    }
    return answerOf(picked);
  }

  password(question: string, flag: string): Promise<never> {
    return Promise.reject(unanswered(question, flag, 'there is no terminal for the question'));
  }

  private async ask(question: string, flag: string): Promise<string> {
    const { lines, print, typed, signal } = this.source;
    print(`${question} `);
    try {
      const line = await lines.line(typed ? 0 : SILENCE_MS, signal);
      if (line !== undefined) return line.trim();
    } catch (error) {
      if (error instanceof TribError && error.code === 'SILENT_INPUT') throw unanswered(question, flag, error.message);
      throw error;
    }
    throw unanswered(question, flag, 'there is no terminal for the question, and stdin has no answer');
  }
}

/** Questions when stdin is not an interactive terminal. */
export function createLinePrompts(source: LineSource): Prompts {
  return new LinePrompts(source);
}

/** For `--no-input`, and when stdin has been read already: every question fails. */
export function refusingPrompts(why: string): Prompts {
  const refuse = (question: string, flag: string): Promise<never> => Promise.reject(unanswered(question, flag, why, 'NOT_A_TERMINAL'));
  return { confirm: refuse, text: refuse, select: refuse, password: refuse, pick: (pick, flag) => refuse(pick.question(1), flag) };
}

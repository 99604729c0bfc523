// All access to the terminal: results to stdout, everything else to stderr. No other file uses process.stdout, process.stderr
// or process.stdin, or decides about colour. Drawing is in progress.ts, prompts.ts, table.ts. Texts contain node output, so
// control characters are made visible here (style.ts, finished).
import { addAbortSignal, type Readable } from 'node:stream';
import { ExitCode, TribError } from '../errors.js';
import type { Progress, ProgressOptions } from './progress.js';
import { asciiSigns, asciiStream, wantsAscii } from './ascii.js';
import type { AnswerLines } from './answer-lines.js';
import type { Prompts } from './prompts.js';
import type { TypedLines } from './typed-lines.js';
import type { OutputStream, Streams } from './streams.js';
import { finished, plainStyle, type Style } from './style.js';
import { lineDialect, outputMode, usableColumns, wantsAnimation, wantsColor, type Environment, type LineDialect, type OutputMode, type TerminalFlags } from './terminal.js';

export interface Io {
  readonly mode: OutputMode;
  /** The predecessor whose lines mode `plain` prints; redis-cli in the other modes. */
  readonly lines: LineDialect;
  /** Whether the command line is in a predecessor's spelling: its exit codes are the predecessor's too. */
  readonly predecessor: boolean;
  readonly env: Environment;
  /** Whether questions can be asked: stdin and stderr are terminals, and `--no-input` was not given. */
  readonly interactive: boolean;
  /** False once a reader such as `head` has closed stdout, or a write failed. */
  readonly open: boolean;
  /** Why stdout failed (a full disk); undefined without failure, and for a reader that closed the pipe. */
  readonly outFailure: Error | undefined;
  readonly columns: number;
  /** Maximum width of a table: the terminal's width; no limit in a pipe or a file. */
  readonly tableWidth: number;
  /** Style of stdout; `errStyle` that of stderr. */
  readonly style: Style;
  readonly errStyle: Style;
  /** One line (or several) of the result on stdout. */
  out(text: string): void;
  /** A part of the result: text without a line end, or bytes, which a pipe or a file gets unchanged and a terminal as text. */
  write(piece: string | Buffer): void;
  /**
   * One informational line on stderr; silent under `--quiet`. Also silent in the predecessors' spelling, where success prints
   * nothing on stderr, unless `place` says that the predecessors print it there.
   */
  note(text: string, place?: 'always-stderr'): void;
  /** As `note`, with `warning:` before it; in the predecessors' spelling on stdout. */
  warn(text: string): void;
  /** One line on stderr, always. */
  error(text: string): void;
  /** Starts a progress display on stderr. */
  progress(title: string, options: ProgressOptions): Promise<Progress>;
  /** The questions: at a terminal on stderr, otherwise answered by lines of stdin. Every question has a flag. */
  prompts(signal?: AbortSignal): Promise<Prompts>;
  /** The whole of stdin up to its end, for `--password-file -` and the like. */
  readInput(): Promise<string>;
  /**
   * The same as bytes. At a terminal it prints on stderr that `what` must be typed. Rejects with the reason of the signal, with
   * NOT_A_TERMINAL under `--no-input` at a terminal, and with STDIN_TAKEN when stdin has been read already.
   */
  readBytes(what: string, signal: AbortSignal): Promise<Buffer>;
  /** Resolves when everything written has left the process. */
  flush(): Promise<void>;
}

/** The streams of this process. */
export function processStreams(): Streams {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
}

/**
 * A terminal too narrow for any text counts as one of ordinary width: a redraw would otherwise move the cursor up without end.
 */
function keepUsable(stream: OutputStream): void {
  if (stream.isTTY === true) stream.on('resize', () => void (stream.columns = usableColumns(true, stream.columns)));
}

class TerminalIo implements Io {
  readonly mode: OutputMode;
  readonly predecessor: boolean;
  readonly lines: LineDialect;
  readonly interactive: boolean;
  open = true;
  outFailure: Error | undefined;
  readonly #animate: boolean;
  readonly #quiet: boolean;
  readonly #silentStderr: boolean;
  readonly #mayAsk: boolean;
  /** Tables and stderr are for display; other results are unchanged. */
  readonly #asciiTables: boolean;
  #inputTaken = false;
  #answers: AnswerLines | undefined;
  #typed: TypedLines | undefined;

  constructor(
    private readonly streams: Streams,
    readonly env: Environment,
    flags: TerminalFlags,
    readonly style: Style,
    readonly errStyle: Style,
  ) {
    this.mode = outputMode(streams.stdout.isTTY === true, flags);
    this.lines = lineDialect(this.mode, flags);
    this.#mayAsk = flags.input !== false;
    this.interactive = streams.stdin.isTTY === true && streams.stderr.isTTY === true && this.#mayAsk;
    this.#quiet = flags.quiet === true;
    this.#asciiTables = this.mode === 'table' && wantsAscii(env);
    this.predecessor = flags.predecessor === true;
    this.#silentStderr = this.predecessor && this.mode === 'plain';
    this.#animate = wantsAnimation(streams.stderr.isTTY === true, env, flags, streams.stderr.columns);
    streams.stdout.on('error', (error: Error) => this.#close(error));
    streams.stderr.on('error', () => undefined);
    for (const stream of [streams.stdout, streams.stderr]) keepUsable(stream);
  }

  get columns(): number {
    const { isTTY, columns } = this.streams.stdout;
    return usableColumns(isTTY === true, columns);
  }

  get tableWidth(): number {
    return this.streams.stdout.isTTY === true ? this.columns : Infinity;
  }

  out(text: string): void {
    this.write(`${text}\n`);
  }

  write(piece: string | Buffer): void {
    if (!this.open) return;
    const raw = typeof piece !== 'string' && this.streams.stdout.isTTY !== true;
    const text = (): string => finished(piece.toString().replaceAll('\r\n', '\n'));
    this.streams.stdout.write(raw ? piece : this.#asciiTables ? asciiSigns(text()) : text(), (error) => this.#close(error));
  }

  /** Does not stop work in progress. A reader that closes the pipe (`| head`) is not an error. */
  #close(error: Error | null | undefined): void {
    if (error === null || error === undefined || !this.open) return;
    this.open = false;
    if (!('code' in error) || error.code !== 'EPIPE') this.outFailure = error;
  }

  note(text: string, place?: 'always-stderr'): void {
    if (!this.#quiet && (!this.#silentStderr || place !== undefined)) this.error(text);
  }

  warn(text: string): void {
    if (this.#quiet) return;
    if (this.#silentStderr) this.out(`warning: ${text}`);
    else this.error(`${this.errStyle.warn('warning:')} ${text}`);
  }

  error(text: string): void {
    this.streams.stderr.write(finished(`${text}\n`));
  }

  async progress(title: string, options: ProgressOptions): Promise<Progress> {
    const { startProgress } = await import('./progress.js');
    const mode = this.#quiet || this.#silentStderr ? 'silent' : this.#animate ? 'animated' : 'lines';
    return startProgress(this.streams.stderr, mode, title, options);
  }

  async prompts(signal?: AbortSignal): Promise<Prompts> {
    if (this.interactive) {
      const [{ createPrompts }, { TypedLines }] = await Promise.all([import('./prompts.js'), import('./typed-lines.js')]);
      this.#typed ??= new TypedLines(this.streams.stdin);
      return createPrompts({ input: this.#typed, output: this.streams.stderr, signal });
    }
    const [{ createLinePrompts, refusingPrompts }, { AnswerLines }] = await Promise.all([import('./line-prompts.js'), import('./answer-lines.js')]);
    if (!this.#mayAsk) return refusingPrompts('--no-input forbids it');
    if (this.#inputTaken) return refusingPrompts('there is no terminal for the question, and stdin has been read already');
    this.#answers ??= new AnswerLines(this.streams.stdin);
    // The predecessors ask on stdout; a JSON document there must stay complete.
    const output = this.mode === 'json' ? this.streams.stderr : this.streams.stdout;
    return createLinePrompts({ lines: this.#answers, print: (text) => void output.write(finished(text)), typed: this.streams.stdin.isTTY === true, signal });
  }

  async readInput(): Promise<string> {
    return (await this.#takeInput()).toString('utf8');
  }

  async readBytes(what: string, signal: AbortSignal): Promise<Buffer> {
    const { stdin } = this.streams;
    if (stdin.isTTY === true && !this.#mayAsk) throw new TribError('NOT_A_TERMINAL', `${what} must be read from stdin, which is a terminal, and --no-input forbids asking`, { exitCode: ExitCode.usage, hint: 'give it by a pipe or a file: … < FILE' });
    if (stdin.isTTY === true) this.error(`Type ${what}, then Ctrl-D on a new line:`);
    try {
      addAbortSignal(signal, stdin as Readable);
      return await this.#takeInput();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /** stdin can be read only once. */
  async #takeInput(): Promise<Buffer> {
    if (this.#inputTaken) throw new TribError('STDIN_TAKEN', 'two options read stdin', { exitCode: ExitCode.usage, hint: 'read the password from another file: --password-file FILE, or REDISCLI_AUTH' });
    this.#inputTaken = true;
    const chunks: Buffer[] = [];
    for await (const chunk of this.streams.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  async flush(): Promise<void> {
    const drained = (stream: OutputStream): Promise<void> =>
      new Promise((resolve) => {
        if (!stream.writable) resolve();
        else stream.write('', () => resolve()); // Its error, if any, is reported by the failed write.
      });
    await Promise.all([this.open ? drained(this.streams.stdout) : undefined, drained(this.streams.stderr)]);
  }
}

/** Creates the io: decides mode, colour and prompts once for these streams, flags and environment. */
export async function createIo(given: Streams, env: Environment, flags: TerminalFlags): Promise<Io> {
  const streams = wantsAscii(env) ? { ...given, stderr: asciiStream(given.stderr) } : given;
  const outColor = wantsColor(streams.stdout.isTTY === true, env, flags) && flags.output !== 'json';
  const errColor = wantsColor(streams.stderr.isTTY === true, env, flags);
  if (!outColor && !errColor) return new TerminalIo(streams, env, flags, plainStyle, plainStyle);
  const { loadStyle } = await import('./style.js');
  return new TerminalIo(streams, env, flags, await loadStyle(outColor), await loadStyle(errColor));
}

// The one door to the terminal: results to stdout, everything else to stderr. No other file touches process.stdout,
// process.stderr, process.stdin or decides about colour. What is drawn there lives in progress.ts, prompts.ts, table.ts.
import { addAbortSignal, type Readable } from 'node:stream';
import { ExitCode, TribError } from '../errors.js';
import type { Progress, ProgressOptions } from './progress.js';
import type { Prompts } from './prompts.js';
import type { OutputStream, Streams } from './streams.js';
import { plainStyle, type Style } from './style.js';
import { lineDialect, outputMode, usableColumns, wantsAnimation, wantsColor, type Environment, type LineDialect, type OutputMode, type TerminalFlags } from './terminal.js';

export interface Io {
  readonly mode: OutputMode;
  /** Whose lines mode `plain` prints; redis-cli in the other modes. */
  readonly lines: LineDialect;
  readonly env: Environment;
  /** Whether a question may be asked: stdin and stderr are terminals and `--no-input` was not given. */
  readonly interactive: boolean;
  /** False once a reader such as `head` has closed our stdout, or it took no more. */
  readonly open: boolean;
  /** Why stdout took no more (a full disk); undefined when all is well, and for a reader that just went away. */
  readonly outFailure: Error | undefined;
  readonly columns: number;
  /** Style of stdout; `errStyle` that of stderr. */
  readonly style: Style;
  readonly errStyle: Style;
  /** One line (or several) of the result on stdout. */
  out(text: string): void;
  /** A piece of the result as it is: text without a line end, or bytes. */
  write(piece: string | Buffer): void;
  /** One line for a person on stderr; silent under `--quiet`. */
  note(text: string): void;
  /** One line on stderr, always. */
  error(text: string): void;
  /** Starts showing the progress of long work on stderr. */
  progress(title: string, options: ProgressOptions): Promise<Progress>;
  /** The prompts (specs/ux.md: asked on stderr, never required: every one has a flag). */
  prompts(signal?: AbortSignal): Promise<Prompts>;
  /** The whole of stdin up to its end, for `--password-file -` and the like. */
  readInput(): Promise<string>;
  /**
   * The same as bytes. At a terminal it says on stderr that `what` is to be typed. Rejects with the reason of the signal,
   * with NOT_A_TERMINAL under `--no-input` at a terminal, and with STDIN_TAKEN when stdin has been read already.
   */
  readBytes(what: string, signal: AbortSignal): Promise<Buffer>;
  /** Resolves when everything written has left the process. */
  flush(): Promise<void>;
}

/** The streams of this process. */
export function processStreams(): Streams {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
}

/** A window made too narrow for any text counts as an ordinary one: who redraws would go up endlessly many lines. */
function keepUsable(stream: OutputStream): void {
  if (stream.isTTY === true) stream.on('resize', () => void (stream.columns = usableColumns(true, stream.columns)));
}

class TerminalIo implements Io {
  readonly mode: OutputMode;
  readonly lines: LineDialect;
  readonly interactive: boolean;
  open = true;
  outFailure: Error | undefined;
  readonly #animate: boolean;
  readonly #quiet: boolean;
  readonly #mayAsk: boolean;
  #inputTaken = false;

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
    this.#animate = wantsAnimation(streams.stderr.isTTY === true, env, flags, streams.stderr.columns);
    streams.stdout.on('error', (error: Error) => this.#close(error));
    streams.stderr.on('error', () => undefined);
    for (const stream of [streams.stdout, streams.stderr]) keepUsable(stream);
  }

  get columns(): number {
    const { isTTY, columns } = this.streams.stdout;
    return usableColumns(isTTY === true, columns);
  }

  out(text: string): void {
    this.write(`${text}\n`);
  }

  write(piece: string | Buffer): void {
    if (this.open) this.streams.stdout.write(piece, (error) => this.#close(error));
  }

  /** Work under way is not stopped by it. A reader that went away (`| head`) is no error of ours: that stays silent. */
  #close(error: Error | null | undefined): void {
    if (error === null || error === undefined || !this.open) return;
    this.open = false;
    if (!('code' in error) || error.code !== 'EPIPE') this.outFailure = error;
  }

  note(text: string): void {
    if (!this.#quiet) this.error(text);
  }

  error(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  async progress(title: string, options: ProgressOptions): Promise<Progress> {
    const { startProgress } = await import('./progress.js');
    const mode = this.#quiet ? 'silent' : this.#animate ? 'animated' : 'lines';
    return startProgress(this.streams.stderr, mode, title, options);
  }

  async prompts(signal?: AbortSignal): Promise<Prompts> {
    const { createPrompts } = await import('./prompts.js');
    return createPrompts({ input: this.streams.stdin, output: this.streams.stderr, interactive: this.interactive, signal });
  }

  async readInput(): Promise<string> {
    return (await this.#takeInput()).toString('utf8');
  }

  async readBytes(what: string, signal: AbortSignal): Promise<Buffer> {
    const { stdin } = this.streams;
    if (stdin.isTTY === true && !this.#mayAsk) throw new TribError('NOT_A_TERMINAL', `${what} is to be read from stdin, which is a terminal, and --no-input forbids to ask`, { exitCode: ExitCode.usage, hint: 'give it by a pipe or a file: … < FILE' });
    if (stdin.isTTY === true) this.error(`Type ${what}, and Ctrl-D behind its last line:`);
    try {
      addAbortSignal(signal, stdin as Readable);
      return await this.#takeInput();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /** stdin has one content and one reader. */
  async #takeInput(): Promise<Buffer> {
    if (this.#inputTaken) throw new TribError('STDIN_TAKEN', 'stdin is wanted for two things at the same time', { exitCode: ExitCode.usage, hint: 'read the password from a file of its own: --password-file FILE, or REDISCLI_AUTH' });
    this.#inputTaken = true;
    const chunks: Buffer[] = [];
    for await (const chunk of this.streams.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  async flush(): Promise<void> {
    const drained = (stream: OutputStream): Promise<void> =>
      new Promise((resolve) => {
        if (!stream.writable) resolve();
        else stream.write('', () => resolve()); // its error, if any, came to the write that it is of
      });
    await Promise.all([this.open ? drained(this.streams.stdout) : undefined, drained(this.streams.stderr)]);
  }
}

/** Opens the door: decides mode, colour and prompts once, for these streams, flags and environment. */
export async function createIo(streams: Streams, env: Environment, flags: TerminalFlags): Promise<Io> {
  const outColor = wantsColor(streams.stdout.isTTY === true, env, flags) && flags.output !== 'json';
  const errColor = wantsColor(streams.stderr.isTTY === true, env, flags);
  if (!outColor && !errColor) return new TerminalIo(streams, env, flags, plainStyle, plainStyle);
  const { loadStyle } = await import('./style.js');
  return new TerminalIo(streams, env, flags, await loadStyle(outColor), await loadStyle(errColor));
}

// Passes terminal input to prompts one line at a time. A paste may answer several questions at once, but readline passes a
// whole chunk to the open prompt, and the lines after its answer would be lost. Here they wait for the next prompt.
import { EventEmitter } from 'node:events';
import type { InputStream } from './streams.js';

/** The lines of a chunk with their ends (CR, LF or CRLF), and the rest. In UTF-8 no other character contains these bytes. */
function linesOf(chunk: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < chunk.length; at++) {
    const isEnd = chunk[at] === 0x0a || (chunk[at] === 0x0d && chunk[at + 1] !== 0x0a);
    if (!isEnd) continue;
    lines.push(chunk.subarray(from, at + 1));
    from = at + 1;
  }
  if (from < chunk.length) lines.push(chunk.subarray(from));
  return lines;
}

/**
 * The input stream for readline: `resume` when a prompt opens, `pause` when it ends. Emits `data`, then `end` when the terminal
 * has closed and every line was passed on.
 */
export class TypedLines extends EventEmitter {
  readonly isTTY = true;
  private readonly lines: Buffer[] = [];
  private flowing = false;
  private listening = false;
  private ended = false;
  /** The last chunk ended with CR: an LF at the start of the next belongs to it. */
  private returned = false;

  constructor(private readonly terminal: InputStream & { setRawMode?(raw: boolean): unknown; readonly isRaw?: boolean }) {
    super();
  }

  get isRaw(): boolean {
    return this.terminal.isRaw === true;
  }

  setRawMode(raw: boolean): this {
    this.terminal.setRawMode?.(raw);
    return this;
  }

  resume(): this {
    this.flowing = true;
    this.listen();
    this.terminal.resume();
    this.passOn();
    return this;
  }

  pause(): this {
    this.flowing = false;
    this.terminal.pause();
    return this;
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    const end = (): void => {
      this.ended = true;
      this.passOn();
    };
    this.terminal.on('data', (chunk: Buffer | string) => {
      const bytes = Buffer.from(chunk);
      this.lines.push(...linesOf(this.returned && bytes[0] === 0x0a ? bytes.subarray(1) : bytes));
      this.returned = bytes.at(-1) === 0x0d;
      this.passOn();
    });
    this.terminal.once('end', end);
    this.terminal.once('close', end);
  }

  /** One line per turn of the event loop: a prompt that it answers has ended, and paused this stream, before the next turn. */
  private passOn(): void {
    setImmediate(() => {
      if (!this.flowing) return;
      const line = this.lines.shift();
      if (line !== undefined) {
        this.emit('data', line);
        if (this.lines.length > 0 || this.ended) this.passOn();
      } else if (this.ended) this.emit('end');
    });
  }
}

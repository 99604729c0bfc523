// A node in this process on a folder with data files, and a client for it.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import type { Logger } from '../../../src/server/runtime/log.js';

export type Settings = Readonly<Record<string, string>>;
const SETTINGS: Settings = { port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '', 'enable-debug-command': 'yes' };

export class DataNode {
  private constructor(readonly node: Node, readonly client: Connection, private readonly lines: string[]) {}

  /** Starts on `dir`. Throws what startNode throws. */
  static async start(dir: string, settings: Settings = {}): Promise<DataNode> {
    const lines: string[] = [];
    const add = (text: string): void => void lines.push(text);
    const log: Logger = { debug: add, verbose: add, notice: add, warning: add };
    const node = await startNode({ config: new Config({ ...SETTINGS, dir, ...settings }), dataFiles: true, log });
    return new DataNode(node, await Connection.connect({ host: '127.0.0.1', port: node.port }), lines);
  }

  /** What the node has logged. */
  log(): string {
    return this.lines.join('\n');
  }

  /** The reply to a command whose words are separated by blanks; for an error its message. */
  async ask(line: string): Promise<unknown> {
    return this.client.command(line.split(' ')).catch((error: unknown) => (error as Error).message);
  }

  /** A field of INFO. */
  async info(section: string, name: string): Promise<string | undefined> {
    const text = String(await this.ask(`INFO ${section}`));
    return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];
  }

  /** Stops the node with SHUTDOWN, after which everything is synced. */
  async stop(): Promise<void> {
    this.client.close();
    await this.node.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** A folder whose files tests write and read. */
export class Files {
  readonly path = mkdtempSync(join(tmpdir(), 'redis-trib-files-'));

  write(name: string, content: string | Buffer): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content, 'latin1');
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'latin1');
  }

  /** Files by their path in the folder, with their contents. */
  all(): Map<string, string> {
    const names = (readdirSync(this.path, { recursive: true }) as string[]).filter((name) => statSync(join(this.path, name)).isFile());
    return new Map(names.sort().map((name) => [name, this.read(name)]));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Commands as an append-only file has them. */
export const records = (...lines: readonly string[]): string =>
  lines.map((line) => (line.startsWith('#') ? `${line}\r\n` : line.split(' '))).map((words) => (typeof words === 'string' ? words : `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)).join('');

// Real clusters broken by hand, for the tests of fix: raw CLUSTER commands on the nodes, keys stored on nodes that do not own
// them, fix run in this process, and the owners and keys afterwards.
import { Writable, Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { commands } from '../../commands/index.js';
import { runProgram } from '../../src/cli/program.js';
import { ConnectionLost } from '../../src/client/connection-errors.js';
import type { Connection } from '../../src/client/connection.js';
import { SLOT_COUNT, keySlot } from '../../src/cluster/slots.js';
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';
import { waitFor } from './redis-server.js';

/** A short text for each slot that hashes to it. */
export const TAGS: readonly string[] = (() => {
  const tags = new Array<string>(SLOT_COUNT);
  for (let i = 0, left = SLOT_COUNT; left > 0; i++) {
    const tag = i.toString(36);
    const slot = keySlot(tag);
    if (tags[slot] === undefined) {
      tags[slot] = tag;
      left--;
    }
  }
  return tags;
})();

export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole CLI in this process, piped. */
export async function runHere(argv: readonly string[], options: { readonly cwd?: string; readonly signal?: AbortSignal; readonly env?: Readonly<Record<string, string>> } = {}): Promise<ProgramRun> {
  const sink = (): { stream: Writable; text: () => string } => {
    const chunks: Buffer[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    return { stream, text: () => Buffer.concat(chunks).toString() };
  };
  const [out, err] = [sink(), sink()];
  const streams = { stdin: Readable.from([]), stdout: out.stream, stderr: err.stream };
  const signal = options.signal ?? new AbortController().signal;
  const code = await runProgram({ argv, streams, env: { HOME: '/nonexistent', ...options.env }, cwd: options.cwd ?? process.cwd(), signal, version: 'test' }, commands);
  return { code, stdout: out.text(), stderr: err.text() };
}

/** Something that can be connected to: a real node or a bundled one. */
export interface Reachable {
  readonly host: string;
  readonly port: number;
}

/** Masters of a cluster, by number, and raw access to them. */
export class BrokenCluster {
  private constructor(
    readonly nodes: readonly Reachable[],
    readonly links: readonly Connection[],
    readonly ids: readonly string[],
    /** Connections to the nodes in each further database that keys are put into. */
    private readonly further: readonly (readonly Connection[])[],
  ) {}

  /** `databases`: every key is put into, and looked for in, each of these besides database 0. */
  static async open(nodes: readonly Reachable[], connect: (node: Reachable, database: number) => Promise<Connection>, databases: readonly number[] = []): Promise<BrokenCluster> {
    const all = (database: number): Promise<Connection[]> => Promise.all(nodes.map((node) => connect(node, database)));
    const links = await all(0);
    const ids = await Promise.all(links.map(async (link) => String(await link.command(['CLUSTER', 'MYID']))));
    return new BrokenCluster(nodes, links, ids, await Promise.all(databases.map(all)));
  }

  /** How often a key that is put once exists. */
  get databases(): number {
    return 1 + this.further.length;
  }

  private linksOf(index: number): Connection[] {
    return [this.link(index), ...this.further.flatMap((links) => links[index] ?? [])];
  }

  get seed(): string {
    return this.name(0);
  }

  name(index: number): string {
    const node = this.nodes[index];
    return `${node?.host ?? ''}:${node?.port ?? 0}`;
  }

  id(index: number): string {
    return this.ids[index] ?? '';
  }

  link(index: number): Connection {
    const link = this.links[index];
    if (link === undefined) throw new Error(`no node ${index}`);
    return link;
  }

  send(index: number, ...words: (string | number)[]): Promise<Reply> {
    return this.link(index).command(words);
  }

  setSlot(index: number, slot: number, state: string, peer?: number | string): Promise<Reply> {
    const id = peer === undefined ? [] : [typeof peer === 'number' ? this.id(peer) : peer];
    return this.send(index, 'CLUSTER', 'SETSLOT', slot, state, ...id);
  }

  key(slot: number, name: string | number): string {
    return `{${TAGS[slot] ?? ''}}${name}`;
  }

  /** Writes on a node in any state of the slot: a node that does not own the slot imports it during the write. */
  async put(index: number, slot: number, values: Readonly<Record<string, string>>, importingFrom?: number): Promise<void> {
    const writes = Object.entries(values).flatMap(([name, value]) => [['ASKING'], ['SET', this.key(slot, name), value]]);
    const before = importingFrom === undefined ? [] : [['CLUSTER', 'SETSLOT', slot, 'IMPORTING', this.id(importingFrom)]];
    const after = importingFrom === undefined ? [] : [['CLUSTER', 'SETSLOT', slot, 'STABLE']];
    for (const link of this.linksOf(index)) {
      const replies = await link.pipeline([...before, ...writes, ...after]);
      const failed = replies.find((reply) => reply instanceof ReplyError);
      if (failed instanceof ReplyError) throw failed;
    }
  }

  /** Which nodes hold which keys of the slot: name behind the tag → numbers of nodes. Throws when databases differ in that. */
  async holders(slot: number): Promise<Record<string, number[]>> {
    const [first = {}, ...more] = await Promise.all([this.links, ...this.further].map((links) => this.holdersIn(links, slot)));
    for (const other of more) if (!isDeepStrictEqual(first, other)) throw new Error(`databases differ: ${JSON.stringify([first, other])}`);
    return first;
  }

  private async holdersIn(links: readonly Connection[], slot: number): Promise<Record<string, number[]>> {
    const found: Record<string, number[]> = {};
    for (const [index, link] of links.entries()) {
      const keys = await link.command(['CLUSTER', 'GETKEYSINSLOT', slot, 10_000]).catch(ofTheDead);
      for (const key of (keys ?? []) as string[]) (found[key.slice(key.indexOf('}') + 1)] ??= []).push(index);
    }
    return found;
  }

  async value(index: number, slot: number, name: string): Promise<Reply> {
    const replies = await Promise.all(this.linksOf(index).map(async (link) => (await link.pipeline([['ASKING'], ['GET', this.key(slot, name)]]))[1] ?? null));
    if (replies.some((reply) => reply !== replies[0])) throw new Error(`databases differ: ${JSON.stringify(replies)}`);
    return replies[0] ?? null;
  }

  /** The nodes that claim the slot. */
  async claimants(slot: number): Promise<number[]> {
    const claims = await Promise.all(this.links.map(async (link, index) => ({ index, mine: ownLine(String(await link.command(['CLUSTER', 'NODES']).catch(ofTheDead))).slots.has(slot) })));
    return claims.filter(({ mine }) => mine).map(({ index }) => index);
  }

  /** Waits until every node reports cluster_state ok, so that the keys can be read. */
  async serving(): Promise<void> {
    await waitFor(async () => (await Promise.all(this.links.filter((link) => link.isOpen).map((link) => link.command(['CLUSTER', 'INFO'])))).every((text) => String(text).includes('cluster_state:ok')), 'cluster_state:ok');
  }

  close(): void {
    for (const link of [...this.links, ...this.further.flat()]) link.close();
  }
}

/** Ignores the lost connection to a killed node; rethrows every other error. */
function ofTheDead(error: unknown): null {
  if (error instanceof ConnectionLost) return null;
  throw error;
}

/** The line of a node about itself. */
export function ownLine(text: string): { readonly slots: Set<number>; readonly open: string[] } {
  const tokens = text.split('\n').find((line) => line.includes('myself'))?.split(' ').slice(8) ?? [];
  const slots = new Set<number>();
  for (const token of tokens.filter((one) => !one.startsWith('['))) {
    const [first = 0, last = first] = token.split('-').map(Number);
    for (let slot = first; slot <= last; slot++) slots.add(slot);
  }
  return { slots, open: tokens.filter((one) => one.startsWith('[')) };
}

// One node of an emulated cluster: the real one, its proxy, and which commands the proxy replies to itself. Not here: the
// replies (atomic-redis.ts, atomic-valkey.ts, atomic-disguise.ts), the proxying (atomic-front.ts).
import type { ChildProcess } from 'node:child_process';
import { Connection } from '../../src/client/connection.js';
import { ReplyError } from '../../src/resp/reply.js';
import type { ServerReply } from '../../src/resp/server-reply.js';
import { ErrorReply } from '../../src/resp/server-reply.js';
import type { AtomicDesign, AtomicFront } from './atomic-cluster.js';
import { asksForSubcommand, commandInfo, info } from './atomic-disguise.js';
import type { Verdict, Visit } from './atomic-front.js';
import { Front } from './atomic-front.js';
import type { Member, RealGround } from './atomic-ground.js';
import type { Jobs } from './atomic-jobs.js';
import { answerMigration } from './atomic-redis.js';
import { isCancelScript, runCancelScript, VALKEY_ANSWERS } from './atomic-valkey.js';
import { failWith } from './rewriting-proxy.js';
import type { RedisNode } from './redis-server.js';
import { freePort } from './redis-server.js';

/** What all nodes of one cluster share. */
export interface Emulation {
  readonly ground: RealGround;
  readonly jobs: Jobs;
  readonly meddled: (readonly string[])[];
}

export class EmulatedNode implements AtomicFront, Member {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly address: string;
  readonly commands: (readonly string[])[] = [];
  id = '';
  emulation: Emulation | undefined;
  private node: RedisNode | undefined;

  private constructor(
    readonly index: number,
    readonly design: AtomicDesign | undefined,
    readonly front: Front,
  ) {
    this.port = front.port;
    this.address = `${this.host}:${front.port}`;
  }

  /** Listens; there is no node behind yet. */
  static async open(index: number, design: AtomicDesign | undefined): Promise<EmulatedNode> {
    for (let attempt = 1; ; attempt++) {
      try {
        const front = await Front.open(await freePort(), (words) => self.decide(words));
        const self: EmulatedNode = new EmulatedNode(index, design, front);
        return self;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** From now on this node is behind the front; when it ends, so do the front's connections. */
  stand(real: RedisNode): void {
    this.node = real;
    this.front.behind = real.port;
    real.process.once('exit', () => void this.front.close());
  }

  async learnId(): Promise<void> {
    await using link = await this.real.connect();
    this.id = String(await link.command(['CLUSTER', 'MYID']));
  }

  get real(): RedisNode {
    if (this.node === undefined) throw new Error('the node does not run yet');
    return this.node;
  }

  get dir(): string {
    return this.real.dir;
  }

  get process(): ChildProcess {
    return this.real.process;
  }

  log(): string {
    return this.real.log();
  }

  connect(): Promise<Connection> {
    return Connection.connect({ host: this.host, port: this.port });
  }

  kill(signal?: NodeJS.Signals): Promise<void> {
    return this.real.kill(signal);
  }

  async stop(): Promise<void> {
    await this.real.stop();
    await this.front.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private decide(words: readonly string[]): Verdict {
    this.commands.push(words);
    const [first = '', second = ''] = words.map((word) => word.toUpperCase());
    if (this.emulation === undefined) return { pass: words };
    if (first === 'CLUSTER' && second === 'SETSLOT') return { pass: this.checked(words, this.emulation) };
    const { design } = this;
    if (design === undefined) return { pass: words };
    if (first === 'INFO') return { answer: (visit) => info(words, design, visit) };
    if (first === 'COMMAND' && second === 'INFO' && asksForSubcommand(words)) return { answer: (visit) => commandInfo(words, design, visit) };
    const own = this.own(words, first === 'CLUSTER' ? second : '', this.emulation);
    return own === undefined ? { pass: words } : { answer: (visit) => this.guarded(words, visit, own) };
  }

  private own(words: readonly string[], verb: string, { ground, jobs }: Emulation): (() => Promise<ServerReply>) | undefined {
    if (this.design === 'redis') return verb === 'MIGRATION' ? () => answerMigration(words, this, ground, jobs) : undefined;
    if (isCancelScript(words)) return () => runCancelScript(this, ground, jobs);
    const answer = VALKEY_ANSWERS.get(verb);
    return answer === undefined ? undefined : () => answer(words, this, ground, jobs);
  }

  private async guarded(words: readonly string[], visit: Visit, own: () => Promise<ServerReply>): Promise<ServerReply> {
    const refused = this.emulation?.ground.behaviour.refuse?.(this.index, words);
    if (refused !== undefined) return new ErrorReply(refused);
    // A client without the right to this command (no AUTH, no rights to CLUSTER) must not migrate either.
    const allowed = await visit.ask(['CLUSTER', 'MYID']);
    return allowed instanceof ReplyError ? new ErrorReply(allowed.message) : own();
  }

  /** SETSLOT of a slot that a job has becomes an error. */
  private checked(words: readonly string[], { jobs, meddled }: Emulation): readonly string[] {
    const job = jobs.running.find((one) => one.set.has(Number(words[2])));
    if (job === undefined) return words;
    meddled.push(words);
    return job.source === this.id || job.target === this.id ? failWith(`ERR slot ${words[2]} is in an atomic slot migration`) : words;
  }
}

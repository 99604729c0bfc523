// Scripts over several connections: `A> BLPOP k 0`, `B> LPUSH k v`. After each step everything that any connection
// received is compared. Steps:
//   A> command        sends (connects A first if need be); marks as in lists: `A> ~ SMEMBERS k`; `A> ~ PUBLISH c m` also
//                     lets messages come in any order, `A> ? …` compares only the shape of everything received
//   connect A 3       connects A in RESP3
//   wait A            waits until A has received something (timeouts, replies that come later)
//   close A           closes A
// `$idA` and `$addrA` stand for A's client id and address on each server.
import { expect, it } from 'vitest';
import { sameReply } from './compare.js';
import { show } from './harness.js';
import { readLine } from './lines.js';
import type { Rule } from './compare.js';
import { RawConnection } from './raw-connection.js';
import type { RawReply } from './raw-reply.js';
import type { Pair } from './servers.js';

/** One server's side of a script. */
class Side {
  private readonly links = new Map<string, RawConnection>();
  private readonly ids = new Map<string, string>();
  private control: RawConnection | null = null;

  constructor(private readonly port: number) {}

  async open(name: string, protocol: string): Promise<void> {
    const link = await RawConnection.connect(this.port);
    await link.call('HELLO', protocol);
    this.ids.set(name, (await link.call('CLIENT', 'ID')).raw.slice(1).trim());
    this.links.set(name, link);
  }

  async send(name: string, text: string): Promise<void> {
    if (!this.links.has(name)) await this.open(name, '2');
    const filled = text
      .replace(/\$id([A-Z])/g, (_all, one: string) => this.ids.get(one) ?? '0')
      .replace(/\$addr([A-Z])/g, (_all, one: string) => this.links.get(one)?.address ?? '?');
    this.links.get(name)!.send([readLine(filled).args]);
    await this.settle();
  }

  /** Two round trips on another connection: what was sent before has been served, and its output has arrived. */
  private async settle(): Promise<void> {
    this.control ??= await RawConnection.connect(this.port);
    for (let i = 0; i < 2; i++) await this.control.call('PING');
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async wait(name: string): Promise<RawReply[]> {
    return (await this.links.get(name)?.take(1, 5000)) ?? [];
  }

  async close(name: string): Promise<void> {
    this.links.get(name)?.close();
    this.links.delete(name);
    await this.settle();
  }

  /** What each connection received since the last call; `closed` when the server closed it. */
  collect(): Map<string, RawReply[] | 'closed'> {
    const seen = new Map<string, RawReply[] | 'closed'>();
    for (const [name, link] of this.links) {
      const replies = link.takeAll();
      seen.set(name, link.closed && replies.length === 0 ? 'closed' : replies);
    }
    return seen;
  }

  end(): void {
    for (const link of [...this.links.values(), this.control]) link?.close();
  }
}

/** One test: a script, compared step by step. */
export function script(pair: () => Pair, name: string, text: string): void {
  const steps = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  it(`${name} (${steps.length} steps)`, async () => {
    const sides = [new Side(pair().ours.port), new Side(pair().real.port)] as const;
    try {
      for (const [index, step] of steps.entries()) expect(await runStep(sides, step), `step ${index + 1}: ${step}`).toEqual([]);
    } finally {
      for (const side of sides) side.end();
    }
  });
}

async function runStep(sides: readonly [Side, Side], step: string): Promise<string[]> {
  const [word, name, more] = step.split(' ');
  if (word === 'connect') {
    for (const side of sides) await side.open(name!, more ?? '2');
    return [];
  }
  if (word === 'wait') {
    const [ours, real] = await Promise.all(sides.map((side) => side.wait(name!)));
    return compare(name!, ours!, real!, { kind: 'exact' });
  }
  if (word === 'close') {
    for (const side of sides) await side.close(name!);
    return collectBoth(sides, '', { kind: 'exact' });
  }
  const sent = /^([A-Z])> (.*)$/.exec(step);
  if (!sent) throw new Error(`no such step: ${step}`);
  await Promise.all(sides.map((side) => side.send(sent[1]!, sent[2]!)));
  return collectBoth(sides, sent[1]!, readLine(sent[2]!).rule);
}

function collectBoth(sides: readonly [Side, Side], sender: string, rule: Rule): string[] {
  const [ours, real] = sides.map((side) => side.collect());
  const names = new Set([...ours!.keys(), ...real!.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [ours!.get(name) ?? [], real!.get(name) ?? []];
    if (a === 'closed' || b === 'closed') return a === b ? [] : [`${name}: ours ${describe(a)}, real ${describe(b)}`];
    if (rule.kind === 'unordered') return compare(name, sorted(a), sorted(b), rule);
    if (rule.kind === 'shape') return compare(name, a, b, rule);
    return compare(name, a, b, name === sender ? rule : { kind: 'exact' });
  });
}

const sorted = (replies: readonly RawReply[]): RawReply[] => [...replies].sort((a, b) => (a.raw < b.raw ? -1 : 1));

const describe = (seen: readonly RawReply[] | 'closed'): string => (seen === 'closed' ? 'closed' : seen.map((reply) => show(reply)).join(' '));

function compare(name: string, ours: readonly RawReply[], real: readonly RawReply[], rule: Rule): string[] {
  const length = Math.max(ours.length, real.length);
  for (let i = 0; i < length; i++) {
    if (!sameReply(ours[i], real[i], rule)) return [`${name} received\n  ours: ${describe(ours)}\n  real: ${describe(real)}`];
  }
  return [];
}

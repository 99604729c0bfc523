// Waits until all nodes tell the same about the slots, and (when asked) until each knows all the others. Short polls
// with a deadline; never a fixed sleep. Not here: what agreement is (cluster/findings.ts).
import { agrees } from '../cluster/findings.js';
import { LineCache, parseNodesText } from '../cluster/nodes-text.js';
import type { NodeLine } from '../cluster/nodes-text.js';
import { asString } from '../client/read-reply.js';
import { TribError } from '../errors.js';
import { delay } from './delay.js';
import type { OnEvent } from './event.js';
import type { NodeLink } from './node-link.js';

export interface AgreementOptions {
  /** Milliseconds until giving up; default 60000. */
  readonly timeoutMs?: number;
  /** Every node must also know all of these ids, out of handshake, with a link up; who stays unknown is introduced again. */
  readonly members?: readonly string[];
  /** Nodes that don't know the slots of another yet are introduced to it again: much faster than waiting for gossip. */
  readonly nudge?: boolean;
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/** What is still missing, for the message when time is up; empty when all is well. */
function missing(names: readonly string[], accounts: readonly (readonly NodeLine[])[], options: AgreementOptions): string[] {
  const wanted = options.members ?? [];
  const problems = accounts.flatMap((lines, index) => {
    const byId = new Map(lines.map((line) => [line.id, line]));
    const name = names[index] ?? '?';
    const unknown = wanted.filter((id) => byId.get(id) === undefined || byId.get(id)?.flags.includes('handshake') === true);
    const deaf = lines.filter((line) => wanted.includes(line.id) && !line.myself && !line.connected);
    return [
      ...(unknown.length > 0 ? [`${name} does not know ${unknown.length} of ${wanted.length} nodes`] : []),
      ...(deaf.length > 0 ? [`${name} has no link to ${deaf.map((line) => `${line.host}:${line.busPort ?? line.port + 10_000}`).join(', ')}`] : []),
    ];
  });
  return problems.length === 0 && !agrees(accounts) ? ['the nodes give different accounts of the slots'] : problems;
}

/** Most meetings arranged in one poll, and milliseconds between two of the same pair. */
const MEETINGS = 2000;
const NUDGE_EVERY_MS = 150;
const INTRODUCE_EVERY_MS = 3000;

/** Makes nodes meet (again) that have something to tell each other. */
class Introductions {
  private readonly last = new Map<string, number>();
  private readonly began = Date.now();

  constructor(private readonly options: AgreementOptions) {}

  async arrange(links: readonly NodeLink[], accounts: readonly (readonly NodeLine[])[]): Promise<void> {
    const own = accounts.map((lines) => lines.find((line) => line.myself));
    const now = Date.now();
    const meetings: Promise<void>[] = [];
    links.forEach((hearer, index) => {
      const known = new Map((accounts[index] ?? []).map((line) => [line.id, line]));
      own.forEach((self, teller) => {
        const link = links[teller];
        if (link === undefined || self === undefined || link === hearer) return;
        const pair = `${link.id} ${hearer.id}`;
        if (meetings.length >= MEETINGS || now < this.notBefore(self, known.get(self.id), this.last.get(pair))) return;
        this.last.set(pair, now);
        meetings.push(this.meet(link, hearer).catch(() => undefined)); // who is gone or refuses is missed by the next look
      });
    });
    await Promise.all(meetings);
  }

  /** When a node may meet one (again) that lists it as `seen`; Infinity: there is no need. */
  private notBefore(self: NodeLine, seen: NodeLine | undefined, last: number | undefined): number {
    // A member that is still unknown was lost on the way: the handshake timed out, or servers from 7.2 on, told to forget the
    // node less than a minute ago, tell each other so for that long and drop it again.
    if (seen === undefined) return this.options.members?.includes(self.id) === true ? (last ?? this.began) + INTRODUCE_EVERY_MS : Infinity;
    // Who has just joined hears of another's slots with that one's next ping, up to half a node timeout later. A MEET between
    // nodes that know each other changes nothing but carries the same header at once (cluster-node 3.2).
    if (this.options.nudge !== true || seen.slotText === self.slotText) return Infinity;
    return last === undefined ? 0 : last + NUDGE_EVERY_MS;
  }

  private async meet(teller: NodeLink, hearer: NodeLink): Promise<void> {
    await (await teller.admin()).meet(await hearer.meetHost(), hearer.announced.port, hearer.busPort);
  }
}

/**
 * Polls all nodes until they agree. Throws TribError NO_AGREEMENT after the deadline, saying what is missing; what a
 * connection throws when a node goes away; ABORTED.
 */
export async function waitForAgreement(links: readonly NodeLink[], options: AgreementOptions = {}): Promise<void> {
  const start = Date.now();
  const timeoutMs = options.timeoutMs ?? 60_000;
  const cache = new LineCache();
  const introductions = new Introductions(options);
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 100)) {
    const late = Date.now() - start > timeoutMs; // decided before a look, so that there is one after this process stood still
    const texts = await Promise.all(links.map(async (link) => asString(await (await link.connection()).command(['CLUSTER', 'NODES']))));
    const accounts = texts.map((text) => parseNodesText(text, cache));
    const problems = missing(links.map((link) => link.name), accounts, options);
    if (problems.length === 0) return;
    await introductions.arrange(links, accounts);
    const waitedMs = Date.now() - start;
    options.onEvent?.({ kind: 'waiting', for: options.members === undefined ? 'agreement' : 'join', waitedMs });
    if (late) {
      throw new TribError('NO_AGREEMENT', `The nodes did not come to agree within ${Math.round(timeoutMs / 1000)} s: ${problems.slice(0, 3).join('; ')}`, {
        hint: 'the cluster bus ports (port + 10000) must be open between all nodes, at the addresses the nodes announce',
      });
    }
    await delay(pause, options.signal);
  }
}

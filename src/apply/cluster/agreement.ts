// Waits until all nodes report the same slot owners and, on request, until each node knows all others. Polls with a deadline;
// never sleeps a fixed time. Not here: what agreement is (cluster/findings.ts).
import { agrees } from '../../cluster/findings.js';
import { LineCache, parseNodesText } from '../../cluster/nodes-text.js';
import type { NodeLine } from '../../cluster/nodes-text.js';
import { asString } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { OnEvent } from '../node/event.js';
import type { NodeLink } from '../node/node-link.js';

export interface AgreementOptions {
  /** Milliseconds until the wait fails; default 60000. */
  readonly timeoutMs?: number;
  /** Ids that every node must know, out of handshake and with a link up; unknown ones get CLUSTER MEET again. */
  readonly members?: readonly string[];
  /** Nodes that do not know another's slots get CLUSTER MEET again, which is much faster than gossip. */
  readonly repeatMeet?: boolean;
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/** What is still missing, for the error message; empty when all agree. */
function missing(names: readonly string[], accounts: readonly (readonly NodeLine[])[], options: AgreementOptions): string[] {
  const wanted = options.members ?? [];
  const problems = accounts.flatMap((lines, index) => {
    const byId = new Map(lines.map((line) => [line.id, line]));
    const name = names[index] ?? '?';
    const unknown = wanted.filter((id) => byId.get(id) === undefined || byId.get(id)?.flags.includes('handshake') === true);
    const unlinked = lines.filter((line) => wanted.includes(line.id) && !line.myself && !line.connected);
    return [
      ...(unknown.length > 0 ? [`${name} does not know ${unknown.length} of ${wanted.length} nodes`] : []),
      ...(unlinked.length > 0 ? [`${name} has no link to ${unlinked.map((line) => `${line.host}:${line.busPort ?? line.port + 10_000}`).join(', ')}`] : []),
    ];
  });
  return problems.length === 0 && !agrees(accounts) ? ['the nodes list different owners of the slots'] : problems;
}

/** Maximum MEETs sent in one poll, and milliseconds between two for the same pair. */
const MEETINGS = 2000;
const REPEAT_EVERY_MS = 150;
const UNKNOWN_EVERY_MS = 3000;

/** Sends CLUSTER MEET between nodes that do not know each other's state. */
class MeetSender {
  private readonly last = new Map<string, number>();
  private readonly began = Date.now();

  constructor(private readonly options: AgreementOptions) {}

  async arrange(links: readonly NodeLink[], accounts: readonly (readonly NodeLine[])[]): Promise<void> {
    const own = accounts.map((lines) => lines.find((line) => line.myself));
    const now = Date.now();
    const meetings: Promise<void>[] = [];
    links.forEach((receiver, index) => {
      const known = new Map((accounts[index] ?? []).map((line) => [line.id, line]));
      own.forEach((self, sender) => {
        const link = links[sender];
        if (link === undefined || self === undefined || link === receiver) return;
        const pair = `${link.id} ${receiver.id}`;
        if (meetings.length >= MEETINGS || now < this.notBefore(self, known.get(self.id), this.last.get(pair))) return;
        this.last.set(pair, now);
        meetings.push(this.meet(link, receiver).catch(() => undefined)); // A node that is gone or refuses is found by the next poll.
      });
    });
    await Promise.all(meetings);
  }

  /** Earliest time of the next MEET to a node that is listed as `seen`; Infinity when none is needed. */
  private notBefore(self: NodeLine, seen: NodeLine | undefined, last: number | undefined): number {
    // A member that is still unknown was dropped: its handshake timed out, or servers since 7.2 that received FORGET for it
    // within a minute gossip their blacklist of CLUSTER FORGET, and others drop it again.
    if (seen === undefined) return this.options.members?.includes(self.id) === true ? (last ?? this.began) + UNKNOWN_EVERY_MS : Infinity;
    // A node that has just joined learns another's slots from its next ping, up to half a node timeout later. MEET between
    // nodes that know each other changes nothing and sends the same header at once (cluster-node.md 3.2).
    if (this.options.repeatMeet !== true || seen.slotText === self.slotText) return Infinity;
    return last === undefined ? 0 : last + REPEAT_EVERY_MS;
  }

  private async meet(sender: NodeLink, receiver: NodeLink): Promise<void> {
    await (await sender.admin()).meet(await receiver.meetHost(), receiver.announced.port, receiver.busPort);
  }
}

/** CLUSTER NODES of a node. A node that loads its data refuses the command for a while: its account counts as empty. */
async function accountText(link: NodeLink): Promise<string> {
  try {
    return asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
  } catch (error) {
    if (error instanceof ReplyError && error.code === 'LOADING') return '';
    throw error;
  }
}

/**
 * Polls all nodes until they agree. Throws TribError NO_AGREEMENT after the deadline, with what is missing; the connection's
 * error when a node becomes unreachable; ABORTED.
 */
export async function waitForAgreement(links: readonly NodeLink[], options: AgreementOptions = {}): Promise<void> {
  const start = Date.now();
  const timeoutMs = options.timeoutMs ?? 60_000;
  const cache = new LineCache();
  const meetSender = new MeetSender(options);
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 100)) {
    const late = Date.now() - start > timeoutMs; // Decided before the poll, so that one more poll follows after this process was suspended.
    const texts = await Promise.all(links.map(accountText));
    const accounts = texts.map((text) => parseNodesText(text, cache));
    const problems = missing(links.map((link) => link.name), accounts, options);
    if (problems.length === 0) return;
    await meetSender.arrange(links, accounts);
    const waitedMs = Date.now() - start;
    options.onEvent?.({ kind: 'waiting', for: options.members === undefined ? 'agreement' : 'join', waitedMs });
    if (late) {
      throw new TribError('NO_AGREEMENT', `The nodes did not agree within ${Math.round(timeoutMs / 1000)} s: ${problems.slice(0, 3).join('; ')}`, {
        hint: 'the cluster bus ports (port + 10000) must be open between all nodes, at the addresses the nodes announce',
      });
    }
    await delay(pause, options.signal);
  }
}

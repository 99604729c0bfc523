// Waits until every master knows the config epoch of every other. A master takes a slot over with an epoch above all it knows.
// While an older owner's newer epoch is on its way, that owner's next ping takes the slot back, and the server deletes the keys
// that have arrived (cluster-node.md 3.4.2, 3.7). Changes nothing.
import type { NodeLine } from '../../cluster/nodes-text.js';
import { TribError } from '../../errors.js';
import { delay } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';

/** An epoch of `sender` that `receiver` does not know yet. */
interface UnlearnedEpoch {
  readonly sender: NodeLink;
  readonly receiver: NodeLink;
}

const POLL_MS = 30;
const MEET_EVERY_MS = 300;
/** Milliseconds to wait for nodes to learn each other's config epochs over the bus. A ping interval is one to two seconds. */
export const EPOCHS_MS = 10_000;

async function account(link: NodeLink): Promise<NodeLine[] | undefined> {
  try {
    return await (await link.admin()).clusterNodes();
  } catch {
    return undefined; // Unreachable nodes are handled elsewhere.
  }
}

/**
 * Pairs of reachable masters of which one knows only an older epoch of the other, or which have the same epoch (servers resolve
 * that). A known epoch above the real one is harmless, since new epochs exceed all known ones. It occurs because nodes keep the
 * highest epoch seen, and a node that was a replica before its reset had announced its master's.
 */
async function unlearnedEpochs(masters: readonly NodeLink[]): Promise<UnlearnedEpoch[]> {
  const accounts = await Promise.all(masters.map(account));
  const own = new Map(accounts.flatMap((lines) => lines?.filter((line) => line.myself).map((line) => [line.id, line] as const) ?? []));
  const found: UnlearnedEpoch[] = [];
  for (const [index, lines] of accounts.entries()) {
    const receiver = masters[index];
    for (const line of lines ?? []) {
      const sender = masters.find(({ id }) => id === line.id);
      const self = own.get(line.id);
      if (receiver === undefined || sender === undefined || self?.role !== 'master' || line.myself) continue;
      if (line.configEpoch < self.configEpoch || own.get(receiver.id)?.configEpoch === self.configEpoch) found.push({ sender, receiver });
    }
  }
  return found;
}

/** MEET between nodes that know each other changes nothing and sends the sender's epoch at once. */
async function repeatMeet(pairs: readonly UnlearnedEpoch[]): Promise<void> {
  const meetings = pairs.slice(0, 500).map(async ({ sender, receiver }) => (await sender.admin()).meet(await receiver.meetHost(), receiver.announced.port, receiver.busPort));
  await Promise.allSettled(meetings);
}

/** Throws TribError EPOCHS_UNKNOWN when masters do not learn each other's epochs in time; then no slot may change its owner. */
export async function settleEpochs(masters: readonly NodeLink[], timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const start = Date.now();
  let lastMeet = 0;
  for (;;) {
    const late = Date.now() - start > timeoutMs; // Decided before the poll, so that one more poll follows after this process was suspended.
    const pairs = await unlearnedEpochs(masters);
    const [first] = pairs;
    if (first === undefined) return;
    if (late) {
      throw new TribError('EPOCHS_UNKNOWN', `${first.receiver.name} does not receive the config epoch of ${first.sender.name}: if a slot changed its owner now, the change could be reverted and its keys lost`, {
        hint: `check that ${first.receiver.name} and ${first.sender.name} reach each other's cluster bus port, then run fix again`,
      });
    }
    if (Date.now() - lastMeet > MEET_EVERY_MS) {
      lastMeet = Date.now();
      await repeatMeet(pairs);
    }
    await delay(POLL_MS, signal);
  }
}

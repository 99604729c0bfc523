// Waits until every master knows the config epoch of every other. A master takes a slot over with an epoch above all it
// has heard of; while an older owner's newer epoch is still on its way, that one's next ping takes the slot back, and the
// server deletes the keys that have arrived (cluster-node 3.4.2, 3.7). Waits only; changes nothing.
import type { NodeLine } from '../cluster/nodes-text.js';
import { TribError } from '../errors.js';
import { delay } from './delay.js';
import type { NodeLink } from './node-link.js';

/** A teller's epoch that the hearer doesn't know yet. */
interface Unheard {
  readonly teller: NodeLink;
  readonly hearer: NodeLink;
}

const POLL_MS = 30;
const NUDGE_EVERY_MS = 300;

async function account(link: NodeLink): Promise<NodeLine[] | undefined> {
  try {
    return await (await link.admin()).clusterNodes();
  } catch {
    return undefined; // it went away: others see to that
  }
}

/** Pairs of reachable masters of which one doesn't know the other's epoch, or both have the same (servers change that). */
async function unheard(masters: readonly NodeLink[]): Promise<Unheard[]> {
  const accounts = await Promise.all(masters.map(account));
  const own = new Map(accounts.flatMap((lines) => lines?.filter((line) => line.myself).map((line) => [line.id, line] as const) ?? []));
  const found: Unheard[] = [];
  for (const [index, lines] of accounts.entries()) {
    const hearer = masters[index];
    for (const line of lines ?? []) {
      const teller = masters.find(({ id }) => id === line.id);
      const self = own.get(line.id);
      if (hearer === undefined || teller === undefined || self?.role !== 'master' || line.myself) continue;
      if (line.configEpoch !== self.configEpoch || own.get(hearer.id)?.configEpoch === self.configEpoch) found.push({ teller, hearer });
    }
  }
  return found;
}

/** A MEET between nodes that know each other changes nothing but carries the teller's epoch at once. */
async function nudge(pairs: readonly Unheard[]): Promise<void> {
  const meetings = pairs.slice(0, 500).map(async ({ teller, hearer }) => (await teller.admin()).meet(await hearer.meetHost(), hearer.announced.port, hearer.busPort));
  await Promise.allSettled(meetings);
}

/** Throws TribError EPOCHS_UNKNOWN when the masters don't hear of each other in time: then no slot may change its owner. */
export async function settleEpochs(masters: readonly NodeLink[], timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const start = Date.now();
  let nudged = 0;
  for (;;) {
    const late = Date.now() - start > timeoutMs; // decided before a look, so that there is one after this process stood still
    const pairs = await unheard(masters);
    const [first] = pairs;
    if (first === undefined) return;
    if (late) {
      throw new TribError('EPOCHS_UNKNOWN', `${first.hearer.name} does not hear of the config epoch of ${first.teller.name}: a slot that changes its owner now could be taken back, with its keys`, {
        hint: `look whether ${first.hearer.name} and ${first.teller.name} reach each other's cluster bus port, then run fix again`,
      });
    }
    if (Date.now() - nudged > NUDGE_EVERY_MS) {
      nudged = Date.now();
      await nudge(pairs);
    }
    await delay(POLL_MS, signal);
  }
}

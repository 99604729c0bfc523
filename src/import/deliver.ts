// Delivers batches of one database to their targets by the available route, and handles every error of MIGRATE. Not here:
// making batches (pass.ts), probing routes (probe.ts), relaying through this process (relay.ts).
import { TribError } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';
import type { ImportBatch } from './batches.js';
import type { DirectChannel } from './direct.js';
import type { ImportSettings } from './options.js';
import { conflictText, outOfReach, refusal } from './options.js';
import { probe, sourceRefuses, whyNotDirect } from './probe.js';
import type { RelayResult, Relay } from './relay.js';
import type { ImportRoute, ImportRoutes } from './routes.js';
import type { ImportSource } from './source.js';
import { targetOf, type ImportTally } from './tally.js';

/** Consecutive network failures of MIGRATE to a target after which its keys are relayed through this process. */
const FAILURES = 2;

/** More conflicts than this indicate the wrong cluster or the wrong source. */
const MANY_CONFLICTS = 1000;

/** Approximate milliseconds that DUMP, PTTL and UNLINK of a small key take on the source; sizes relayed batches. */
const RELAY_MS_PER_KEY = 0.01;

/** States of a target that are transient, or that the cluster client handles. */
const ELSEWHERE = /\b(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|BUSY)\b/;

export class BatchDelivery {
  /** Keys that were copied only for the probe. */
  private readonly probed = new Set<string>();

  constructor(
    private readonly source: ImportSource,
    private readonly database: number,
    private readonly channel: DirectChannel,
    private readonly relay: Relay,
    private readonly routes: ImportRoutes,
    private readonly tally: ImportTally,
    private readonly settings: ImportSettings,
  ) {}

  /** Milliseconds the source was busy, if known; rejects with the error that ends the import. */
  async deliver({ target: route, keys }: ImportBatch<ImportRoute>): Promise<number | undefined> {
    if (route.method === 'unknown') await (route.probing ??= this.chooseMethod(route, keys).finally(() => (route.probing = undefined)));
    if (route.method !== 'direct') return this.relayKeys(route, keys, false);
    const wanted = this.settings.copy && !this.settings.replace ? await this.absent(route, keys) : keys;
    if (wanted.length === 0) return undefined;
    const { present, error, ms } = await this.channel.send(route, wanted);
    if (error !== undefined) return this.afterError(route, wanted, present, error);
    route.failures = 0;
    this.tally.vanished(wanted.length - present);
    this.tally.delivered(route, wanted, present);
    return ms;
  }

  private async chooseMethod(route: ImportRoute, keys: readonly string[]): Promise<void> {
    const reason = whyNotDirect(this.source, route, this.settings);
    if (reason !== undefined) {
      route.method = 'relay';
      if (this.settings.via === 'auto') this.settings.emit({ kind: 'relay', target: targetOf(route), reason });
      return;
    }
    const copied = await probe(this.channel, this.routes, route, keys, this.settings);
    if (copied === undefined) return;
    this.probed.add(copied);
    this.relay.ours.add(copied);
  }

  /**
   * The keys that the target lacks. With --copy the target would refuse a key that it has already, so such a key is compared
   * instead of sent.
   */
  private async absent(route: ImportRoute, keys: readonly string[]): Promise<readonly string[]> {
    let replies: readonly unknown[] = [];
    try {
      replies = await (await this.routes.connection(route, this.channel.database)).pipeline(keys.map((key) => ['EXISTS', key]));
    } catch (error) {
      if (!outOfReach(error)) throw error;
    }
    const there = keys.filter((_, index) => replies[index] === 1);
    if (there.length > 0) await this.relayKeys(route, there, true);
    return there.length === 0 ? keys : keys.filter((_, index) => replies[index] !== 1);
  }

  private async relayKeys(route: ImportRoute, keys: readonly string[], busy: boolean): Promise<number> {
    this.count(route, await this.relay.relayKeys(keys, route, busy));
    return keys.length * RELAY_MS_PER_KEY;
  }

  private count(route: ImportRoute, results: ReadonlyMap<string, RelayResult>): void {
    this.tally.relayedKeys(route, this.database, results, this.probed);
    const conflicts = this.tally.conflicts();
    if (conflicts.length <= MANY_CONFLICTS) return;
    throw new TribError('MANY_CONFLICTS', `Stopped: more than ${MANY_CONFLICTS} keys exist in the cluster with other values or times to live, e.g. ${conflictText(conflicts, 3)}`, {
      hint: 'check that this is the right cluster; --replace overwrites the values of the cluster with those of the source',
    });
  }

  private async afterError(route: ImportRoute, keys: readonly string[], present: number, error: ReplyError): Promise<undefined> {
    const text = error.message;
    const busy = /\bBUSYKEY\b/.test(text);
    if (!busy && !ELSEWHERE.test(text) && !/\bIOERR\b/.test(text) && !sourceRefuses(error)) return this.refused(route, keys, present, (left) => refusal(route.name, error.message, error, left));
    if (ELSEWHERE.test(text)) await this.routes.refresh();
    else if (!busy) this.networkFailure(route, error);
    // After any of these errors some of the keys may be on the target, so each key is checked and relayed if needed.
    const results = await this.relay.relayKeys(keys, route, !this.settings.replace).catch((failure: unknown) => this.refused(route, keys, present, () => failure));
    const left = [...results.values()].filter((result) => result !== 'gone').length;
    const sent = this.settings.copy ? [] : keys.filter((key) => results.get(key) === 'gone');
    const sentCount = Math.max(0, present - left);
    this.tally.delivered(route, sent, Math.min(sent.length, sentCount));
    this.tally.vanished(sent.length - sentCount);
    for (const key of sent) results.delete(key);
    this.count(route, results);
  }

  /**
   * Counts the keys that MIGRATE moved before its error, then throws the error that `failure` returns for the keys still on
   * the source.
 */
  private async refused(route: ImportRoute, keys: readonly string[], present: number, failure: (left: readonly string[]) => unknown): Promise<never> {
    const left = new Set(await this.leftBehind(route, keys).catch(() => undefined));
    const went = left.size === 0 ? [] : keys.filter((key) => !left.has(key));
    this.tally.delivered(route, went, Math.min(went.length, Math.max(0, present - left.size)));
    throw failure([...left]);
  }

  /** Keys of a batch that were not moved; none with --copy --replace, where this cannot be determined. */
  private async leftBehind(route: ImportRoute, keys: readonly string[]): Promise<string[]> {
    const { copy, replace } = this.settings;
    if (copy && replace) return [];
    const there = await this.relay.stillThere(keys);
    if (!copy) return there;
    const replies = await (await this.routes.connection(route, this.channel.database)).pipeline(there.map((key) => ['EXISTS', key]));
    return there.filter((_, index) => replies[index] === 0);
  }

  /**
   * Counts a network failure of MIGRATE between source and target. After FAILURES in a row the keys of the target are relayed.
   */
  private networkFailure(route: ImportRoute, error: ReplyError): void {
    if (this.settings.via === 'source' || ++route.failures < FAILURES || route.method === 'relay') return;
    route.method = 'relay';
    this.settings.emit({ kind: 'relay', target: targetOf(route), reason: error.message });
  }
}

// Brings batches of one database to their targets, each by the way that works for it, and answers every error of MIGRATE.
// Not here: making batches (pass.ts), finding out about ways (probe.ts), the way through us (relay.ts).
import { TribError } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';
import type { Batch } from './batches.js';
import type { DirectLane } from './direct.js';
import type { ImportSettings } from './options.js';
import { conflictText, outOfReach, refusal } from './options.js';
import { probe, sourceRefuses, whyNotDirect } from './probe.js';
import type { Fate, Relay } from './relay.js';
import type { Route, Routes } from './routes.js';
import type { Source } from './source.js';
import { targetOf, type Tally } from './tally.js';

/** MIGRATEs in a row that may fail on the way to a target before its keys go through us for good. */
const FAILURES = 2;

/** More conflicts than this are no accident: the wrong cluster, or the wrong source. */
const MANY_CONFLICTS = 1000;

/** About what DUMP, PTTL and UNLINK of a small key cost the source, in milliseconds: sizes batches that go through us. */
const RELAY_MS_PER_KEY = 0.01;

/** States of a target that pass, or that the cluster client finds its way around. */
const ELSEWHERE = /\b(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|BUSY)\b/;

export class Delivery {
  /** Keys that were copied only to find the way. */
  private readonly probed = new Set<string>();

  constructor(
    private readonly source: Source,
    private readonly database: number,
    private readonly lane: DirectLane,
    private readonly relay: Relay,
    private readonly routes: Routes,
    private readonly tally: Tally,
    private readonly settings: ImportSettings,
  ) {}

  /** Milliseconds the source was busy, when it is known; rejects with what ends the import. */
  async deliver({ target: route, keys }: Batch<Route>): Promise<number | undefined> {
    if (route.way === 'unknown') await (route.probing ??= this.findWay(route, keys).finally(() => (route.probing = undefined)));
    if (route.way !== 'direct') return this.carry(route, keys, false);
    const wanted = this.settings.copy && !this.settings.replace ? await this.absent(route, keys) : keys;
    if (wanted.length === 0) return undefined;
    const { present, error, ms } = await this.lane.send(route, wanted);
    if (error !== undefined) return this.afterError(route, wanted, present, error);
    route.failures = 0;
    this.tally.vanished(wanted.length - present);
    this.tally.delivered(route, wanted, present);
    return ms;
  }

  private async findWay(route: Route, keys: readonly string[]): Promise<void> {
    const reason = whyNotDirect(this.source, route, this.settings);
    if (reason !== undefined) {
      route.way = 'relay';
      if (this.settings.via === 'auto') this.settings.emit({ kind: 'relay', target: targetOf(route), reason });
      return;
    }
    const copied = await probe(this.lane, this.routes, route, keys, this.settings);
    if (copied === undefined) return;
    this.probed.add(copied);
    this.relay.ours.add(copied);
  }

  /** With --copy a key that the target has already would only be refused: those are compared instead of sent. */
  private async absent(route: Route, keys: readonly string[]): Promise<readonly string[]> {
    let replies: readonly unknown[] = [];
    try {
      replies = await (await this.routes.connection(route)).pipeline(keys.map((key) => ['EXISTS', key]));
    } catch (error) {
      if (!outOfReach(error)) throw error;
    }
    const there = keys.filter((_, index) => replies[index] === 1);
    if (there.length > 0) await this.carry(route, there, true);
    return there.length === 0 ? keys : keys.filter((_, index) => replies[index] !== 1);
  }

  private async carry(route: Route, keys: readonly string[], busy: boolean): Promise<number> {
    this.count(route, await this.relay.carry(keys, route, busy));
    return keys.length * RELAY_MS_PER_KEY;
  }

  private count(route: Route, fates: ReadonlyMap<string, Fate>): void {
    this.tally.carried(route, this.database, fates, this.probed);
    const conflicts = this.tally.conflicts();
    if (conflicts.length <= MANY_CONFLICTS) return;
    throw new TribError('MANY_CONFLICTS', `Stopped: more than ${MANY_CONFLICTS} keys exist in the cluster with other values, e.g. ${conflictText(conflicts, 3)}`, {
      hint: 'is this the right cluster? --replace overwrites its values with those of the source',
    });
  }

  private async afterError(route: Route, keys: readonly string[], present: number, error: ReplyError): Promise<undefined> {
    const text = error.message;
    const busy = /\bBUSYKEY\b/.test(text);
    if (!busy && !ELSEWHERE.test(text) && !/\bIOERR\b/.test(text) && !sourceRefuses(error)) return this.refused(route, keys, present, error);
    if (ELSEWHERE.test(text)) await this.routes.refresh();
    else if (!busy) this.lostWay(route, error);
    // Whatever it was: some of the keys may be over there, some not. Each is looked at, and none is lost.
    const fates = await this.relay.carry(keys, route, !this.settings.replace);
    const left = [...fates.values()].filter((fate) => fate !== 'gone').length;
    const sent = this.settings.copy ? [] : keys.filter((key) => fates.get(key) === 'gone');
    const sentCount = Math.max(0, present - left);
    this.tally.delivered(route, sent, Math.min(sent.length, sentCount));
    this.tally.vanished(sent.length - sentCount);
    for (const key of sent) fates.delete(key);
    this.count(route, fates);
  }

  /** Ends the import. MIGRATE has handled every key of the batch: those that went over count, and the rest was refused. */
  private async refused(route: Route, keys: readonly string[], present: number, error: ReplyError): Promise<never> {
    const left = new Set(await this.leftBehind(route, keys).catch(() => undefined));
    const went = left.size === 0 ? [] : keys.filter((key) => !left.has(key));
    this.tally.delivered(route, went, Math.min(went.length, Math.max(0, present - left.size)));
    throw refusal(route.name, error.message, error, [...left]);
  }

  /** Keys of a batch that did not go over; none where --copy --replace leaves no trace of that. */
  private async leftBehind(route: Route, keys: readonly string[]): Promise<string[]> {
    const { copy, replace } = this.settings;
    if (copy && replace) return [];
    const there = await this.relay.stillThere(keys);
    if (!copy) return there;
    const replies = await (await this.routes.connection(route)).pipeline(there.map((key) => ['EXISTS', key]));
    return there.filter((_, index) => replies[index] === 0);
  }

  /** MIGRATE got lost between source and target: once may be chance. */
  private lostWay(route: Route, error: ReplyError): void {
    if (this.settings.via === 'source' || ++route.failures < FAILURES || route.way === 'relay') return;
    route.way = 'relay';
    this.settings.emit({ kind: 'relay', target: targetOf(route), reason: error.message });
  }
}

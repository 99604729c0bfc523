// Parses CLUSTER NODES (and nodes.conf without its `vars` line), in all address forms from 3.x to 7.2+ and Valkey. One line
// becomes one NodeLine. Not here: combining several views (view.ts).
import { ExitCode, TribError } from '../errors.js';
import { SlotSet } from './slot-set.js';
import { isSlot } from './slots.js';

/** One node as another node lists it, without ping times, which differ between otherwise equal views. */
export interface NodeLine {
  readonly id: string;
  /** IP (or host) that the node announces; empty when unknown (`:0@0`, or a node that does not know its own address yet). */
  readonly host: string;
  readonly port: number;
  /** Cluster bus port; undefined in the 3.x form, which lacks it. */
  readonly busPort: number | undefined;
  /** Announced host name (7.0+), undefined when none or `?`. */
  readonly hostname: string | undefined;
  /** Further `name=value` parts of the address column (nodes.conf of 7.2+: shard-id, nodename, tls-port …). */
  readonly aux: ReadonlyMap<string, string>;
  /** All flags, without `myself`; `noflags` gives none. */
  readonly flags: readonly string[];
  readonly myself: boolean;
  readonly role: 'master' | 'replica';
  /** Id of the replica's master; null for a master, or when unknown. */
  readonly masterId: string | null;
  readonly configEpoch: number;
  readonly connected: boolean;
  /** Owned slots. May be shared between lines parsed with one cache: never modify. */
  readonly slots: SlotSet;
  /** Owned slots as a string that is equal exactly when the sets are (range tokens sorted as strings); '' for none. */
  readonly slotText: string;
  /** Slot → destination id; servers list open slots only on their own line. In the order listed. */
  readonly migrating: ReadonlyMap<number, string>;
  /** Slot → source id. */
  readonly importing: ReadonlyMap<number, string>;
}

function invalidLine(line: string): TribError {
  return new TribError('PROTOCOL', `Invalid CLUSTER NODES line: ${JSON.stringify(line.slice(0, 120))}`, {
    exitCode: ExitCode.unreachable,
    hint: 'check that this is a Redis or Valkey cluster node, not a proxy',
  });
}

interface NodesTextAddress {
  host: string;
  port: number;
  busPort: number | undefined;
  hostname: string | undefined;
  aux: Map<string, string>;
}

/** `ip:port`, `ip:port@cport`, `ip:port@cport,hostname[,name=value…]`; IPv6 texts contain colons, so the last one separates. */
function parseAddress(text: string, line: string): NodesTextAddress {
  const [location = '', ...extras] = text.split(',');
  const at = location.lastIndexOf('@');
  const client = at < 0 ? location : location.slice(0, at);
  const colon = client.lastIndexOf(':');
  const port = portOf(client.slice(colon + 1));
  const busPort = at < 0 ? undefined : portOf(location.slice(at + 1));
  if (colon < 0 || Number.isNaN(port) || Number.isNaN(busPort ?? 0)) throw invalidLine(line);
  const aux = new Map<string, string>();
  let hostname: string | undefined;
  extras.forEach((extra, index) => {
    const equals = extra.indexOf('=');
    if (equals > 0) aux.set(extra.slice(0, equals), extra.slice(equals + 1));
    else if (index === 0 && extra !== '' && extra !== '?') hostname = extra;
  });
  const host = client.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '?' ? '' : host, port, busPort, hostname, aux };
}

/** 0 for an unknown port; NaN for an invalid one. */
function portOf(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return value <= 65_535 ? value : NaN;
}

interface Slots {
  slots: SlotSet;
  slotText: string;
  migrating: Map<number, string>;
  importing: Map<number, string>;
}

/**
 * Shares equal parts of the texts of many nodes: a thousand nodes list a thousand nodes, and a slot set for each of the million
 * lines would take gigabytes.
 */
export class LineCache {
  private readonly slots = new Map<string, Slots>();
  private readonly words = new Map<string, string>();
  private readonly lines = new Map<string, NodeLine>();

  /** @internal */
  line(text: string, parse: () => NodeLine): NodeLine {
    let known = this.lines.get(text);
    if (known === undefined) this.lines.set(text, (known = parse()));
    return known;
  }

  /** @internal */
  slotsOf(tokens: readonly string[], line: string): Slots {
    const key = tokens.join(' ');
    let known = this.slots.get(key);
    if (known === undefined) {
      known = parseSlots(tokens, line);
      this.slots.set(key, known);
    }
    return known;
  }

  /** @internal */
  word(text: string): string {
    const known = this.words.get(text);
    if (known === undefined) this.words.set(text, text);
    return known ?? text;
  }
}

function parseSlots(tokens: readonly string[], line: string): Slots {
  const result: Slots = { slots: new SlotSet(), slotText: '', migrating: new Map(), importing: new Map() };
  for (const token of tokens) {
    if (token === '') continue;
    const open = /^\[(\d+)-([<>])-([0-9a-zA-Z]+)\]$/.exec(token);
    if (open !== null) {
      const slot = Number(open[1]);
      if (!isSlot(slot)) throw invalidLine(line);
      (open[2] === '>' ? result.migrating : result.importing).set(slot, open[3] ?? '');
      continue;
    }
    const range = /^(\d+)(?:-(\d+))?$/.exec(token);
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || !isSlot(first) || !isSlot(last) || first > last) throw invalidLine(line);
    result.slots.addRange(first, last);
  }
  result.slotText = result.slots.tokens().sort().join(',');
  return result;
}

/** The line without the times of ping and pong (fifth and sixth word), so that equal views are equal. */
function withoutTimes(line: string): string {
  let cut = -1;
  for (let word = 0; word < 4; word++) cut = line.indexOf(' ', cut + 1);
  const end = line.indexOf(' ', line.indexOf(' ', cut + 1) + 1);
  if (cut < 0 || end < cut) throw invalidLine(line);
  const times = line.slice(cut + 1, end);
  if (!/^\d+ \d+$/.test(times)) throw invalidLine(line);
  return line.slice(0, cut) + line.slice(end);
}

/** Parses one line. Lines parsed with the same cache may be the same object. Throws TribError PROTOCOL. */
export function parseNodeLine(line: string, cache: LineCache = new LineCache()): NodeLine {
  return cache.line(withoutTimes(line), () => parseStable(line, cache));
}

function parseStable(line: string, cache: LineCache): NodeLine {
  const [id, address, flagText, master, , , epochText, link, ...slotTokens] = line.split(' ');
  if (id === undefined || !address || !flagText || master === undefined || link === undefined || !/^[0-9a-zA-Z]{1,40}$/.test(id)) throw invalidLine(line);
  const all = flagText === 'noflags' ? [] : flagText.split(',');
  const configEpoch = Number(epochText);
  if (!Number.isFinite(configEpoch)) throw invalidLine(line);
  const replica = all.includes('slave') || all.includes('replica');
  return {
    id: cache.word(id),
    ...parseAddress(address, line),
    flags: all.filter((flag) => flag !== 'myself'),
    myself: all.includes('myself'),
    role: replica ? 'replica' : 'master',
    masterId: master === '-' || master === '' ? null : cache.word(master),
    configEpoch,
    connected: link === 'connected',
    ...cache.slotsOf(slotTokens, line),
  };
}

/** Parses a whole CLUSTER NODES reply, in its order. Use one cache for the texts of one cluster. Throws TribError PROTOCOL. */
export function parseNodesText(text: string, cache: LineCache = new LineCache()): NodeLine[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('vars '))
    .map((line) => parseNodeLine(line, cache));
}

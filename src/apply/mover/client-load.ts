// Whether clients use the nodes of a move: then keys travel in small batches, as every batch is a pause for those who wait
// behind it; else in large ones, which are faster. Counts what the servers say they have done apart from our own commands.
import type { Connection } from '../../client/connection.js';
import { delay } from '../delay.js';
import { mapBounded } from '../parallel.js';

/**
 * Milliseconds of one batch, and of all that is under way at a node over a short line (both are limits, not aims); slots
 * that are opened and closed together. Every closing makes all nodes of the cluster write their nodes.conf.
 */
export interface Portion {
  readonly batchMs: number;
  readonly windowMs: number;
  readonly slots: number;
}

/** So much that servers always have something to do: while a target takes keys of one source, the next ones wait already. */
const ALONE: Portion = { batchMs: 1, windowMs: 4, slots: 128 };
/**
 * Two batches at a target that two sources share. More slots at once would be answered with ASK for longer, and take longer
 * to finish for who wants to stop.
 */
const AMONG_CLIENTS: Portion = { batchMs: 0.12, windowMs: 0.3, slots: 32 };
/** What redis-cli's ten keys a call stall, no more: a mover that takes cores from servers makes clients wait for that, too. */
const CROWDING: Portion = { batchMs: 0.08, windowMs: 0.2, slots: 32 };

/** Commands a second from which clients count. Monitoring and other administrators stay below. */
const FEW = 20;
const FIRST_LOOK_MS = 25;
const LOOK_MS = 250;
/** Many nodes are asked less often: so many looks a second in all. */
const LOOKS_A_SECOND = 200;
const AT_ONCE = 16;

/** What administrators, replicas and movers do. Clients do other things too: reading and writing. */
const ADMINISTRATORS = ['cluster', 'info', 'ping', 'auth', 'hello', 'client', 'role', 'config', 'command', 'debug', 'dbsize', 'randomkey', 'publish', 'subscribe', 'wait', 'replconf', 'psync'];
const MOVERS = ['migrate', 'restore', 'restore-asking', 'asking', 'memory', 'select', 'scan', 'exists', 'dump', 'pttl', 'watch', 'unwatch', 'multi', 'exec', 'unlink', 'del'];
const NOT_CLIENTS = new RegExp(`^(${[...ADMINISTRATORS, ...MOVERS].join('|')})(\\||$)`);

/** Calls of clients by the text of INFO commandstats. */
export function clientCalls(text: string): number {
  let calls = 0;
  for (const [, name = '', count] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) if (!NOT_CLIENTS.test(name)) calls += Number(count);
  return calls;
}

/** A server and the way to it. */
export interface Watched {
  readonly id: string;
  connection(): Promise<Connection>;
}

interface Look {
  readonly calls: number;
  readonly at: number;
}

/** Watches nodes from `watch` until it is stopped. Nobody waits for it, and nothing fails by it. */
export class ClientLoad {
  private readonly looks = new Map<string, Look>();
  private readonly quiet = new Set<string>();
  private readonly stopping = new AbortController();

  private crowding = true;

  /** `crowds`: whether servers may have to wait for a core that this process has. */
  constructor(
    private readonly links: readonly Watched[],
    private readonly crowds: () => boolean = () => false,
  ) {}

  /** Whether it is known that no client uses any of these. */
  alone(ids: readonly string[]): boolean {
    return ids.every((id) => this.quiet.has(id));
  }

  /** The portions between two nodes. */
  portion(source: string, target: string): Portion {
    if (this.quiet.has(source) && this.quiet.has(target)) return ALONE;
    return this.crowding ? CROWDING : AMONG_CLIENTS;
  }

  async watch(): Promise<void> {
    const every = Math.max(LOOK_MS, (this.links.length * 1000) / LOOKS_A_SECOND);
    for (let pause = FIRST_LOOK_MS; !this.stopping.signal.aborted; pause = every) {
      this.crowding = this.crowds();
      await mapBounded(this.links, AT_ONCE, (link) => this.look(link));
      await delay(pause, this.stopping.signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.stopping.abort();
  }

  private async look(link: Watched): Promise<void> {
    const reply = await link.connection().then((connection) => connection.command(['INFO', 'commandstats'])).catch(() => undefined);
    const now = { calls: typeof reply === 'string' ? clientCalls(reply) : NaN, at: performance.now() };
    const before = this.looks.get(link.id);
    this.looks.set(link.id, now);
    const perSecond = ((now.calls - (before?.calls ?? NaN)) * 1000) / (now.at - (before?.at ?? NaN));
    // Counters that went back were reset by somebody; what is unknown counts as clients.
    if (perSecond >= 0 && perSecond < FEW) this.quiet.add(link.id);
    else this.quiet.delete(link.id);
  }
}

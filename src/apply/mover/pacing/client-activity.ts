// Detects whether clients use the nodes of a move. With clients keys move in small batches, because each batch delays client
// commands; without clients in large ones, which are faster. Compares command counters and ignores administrative commands.
import type { Connection } from '../../../client/connection.js';
import { delay } from '../../node/delay.js';
import { mapBounded } from '../../node/parallel.js';

/**
 * Upper limits: milliseconds of one batch; milliseconds of work in flight at a node with a short round trip; slots opened and
 * closed together. Each close makes every node of the cluster write nodes.conf.
 */
export interface PacingLimits {
  readonly batchMs: number;
  readonly windowMs: number;
  readonly slots: number;
}

/**
 * Limits without client load: the next keys are queued while a target restores the previous ones, so the servers never idle.
 */
const ALONE: PacingLimits = { batchMs: 1, windowMs: 4, slots: 128 };
/**
 * Limits with client load. `windowMs` admits two batches at a target shared by two sources. More slots in a group would answer
 * ASK for longer and delay an abort.
 */
const AMONG_CLIENTS: PacingLimits = { batchMs: 0.12, windowMs: 0.3, slots: 32 };
/** Limits when this process competes with a server for CPU cores: one batch stalls no longer than redis-cli's ten keys. */
const CROWDING: PacingLimits = { batchMs: 0.08, windowMs: 0.2, slots: 32 };

/** Commands per second from which a node counts as used. Monitoring and other administration stay below. */
const FEW = 20;
const FIRST_POLL_MS = 25;
const POLL_MS = 250;
/** Upper limit of polls per second over all nodes. */
const POLLS_PER_SECOND = 200;
const AT_ONCE = 16;

/** Commands of administrators, replicas and movers. All others count as client commands. */
const ADMINISTRATORS = ['cluster', 'info', 'ping', 'auth', 'hello', 'client', 'role', 'config', 'command', 'debug', 'dbsize', 'randomkey', 'publish', 'subscribe', 'wait', 'replconf', 'psync'];
const MOVERS = ['migrate', 'restore', 'restore-asking', 'asking', 'memory', 'select', 'scan', 'exists', 'dump', 'pttl', 'watch', 'unwatch', 'multi', 'exec', 'unlink', 'del'];
const NOT_CLIENTS = new RegExp(`^(${[...ADMINISTRATORS, ...MOVERS].join('|')})(\\||$)`);

/** Number of client calls in the text of INFO commandstats. */
export function clientCalls(text: string): number {
  let calls = 0;
  for (const [, name = '', count] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) if (!NOT_CLIENTS.test(name)) calls += Number(count);
  return calls;
}

/** A server and its connection. */
export interface WatchedNode {
  readonly id: string;
  connection(): Promise<Connection>;
}

interface CallCount {
  readonly calls: number;
  readonly at: number;
}

/** Polls nodes from `watch` until `stop`. Its errors are ignored. */
export class ClientActivity {
  private readonly lastCounts = new Map<string, CallCount>();
  private readonly quiet = new Set<string>();
  private readonly stopping = new AbortController();

  private sharing = true;

  /** `sharesCores`: whether this process competes with a server for CPU cores. */
  constructor(
    private readonly links: readonly WatchedNode[],
    private readonly sharesCores: () => boolean = () => false,
  ) {}

  /** True when no client uses any of these nodes; false when unknown. */
  alone(ids: readonly string[]): boolean {
    return ids.every((id) => this.quiet.has(id));
  }

  /** The limits between two nodes. */
  limitsFor(source: string, target: string): PacingLimits {
    if (this.quiet.has(source) && this.quiet.has(target)) return ALONE;
    return this.sharing ? CROWDING : AMONG_CLIENTS;
  }

  async watch(): Promise<void> {
    const every = Math.max(POLL_MS, (this.links.length * 1000) / POLLS_PER_SECOND);
    for (let pause = FIRST_POLL_MS; !this.stopping.signal.aborted; pause = every) {
      this.sharing = this.sharesCores();
      await mapBounded(this.links, AT_ONCE, (link) => this.poll(link));
      await delay(pause, this.stopping.signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.stopping.abort();
  }

  private async poll(link: WatchedNode): Promise<void> {
    const reply = await link.connection().then((connection) => connection.command(['INFO', 'commandstats'])).catch(() => undefined);
    const now = { calls: typeof reply === 'string' ? clientCalls(reply) : NaN, at: performance.now() };
    const before = this.lastCounts.get(link.id);
    this.lastCounts.set(link.id, now);
    const perSecond = ((now.calls - (before?.calls ?? NaN)) * 1000) / (now.at - (before?.at ?? NaN));
    // A counter that decreased was reset. An unknown rate counts as clients.
    if (perSecond >= 0 && perSecond < FEW) this.quiet.add(link.id);
    else this.quiet.delete(link.id);
  }
}

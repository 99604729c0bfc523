// Totals of an apply, counted from its events. Not here: displaying them (ui/moving.ts).
import type { ApplyEvent, ApplyStats, OnEvent } from './event.js';

/** The totals of an apply that did nothing. */
export const NOTHING: ApplyStats = { slots: 0, keys: 0, bytes: 0, ms: 0, retries: 0, warnings: [] };

/** The totals of two applies in sequence. */
export function addStats(a: ApplyStats, b: ApplyStats): ApplyStats {
  const evictions = [a.evicted, b.evicted].filter((keys) => keys !== undefined);
  const pauses = [a.writePauseMs, b.writePauseMs].filter((ms) => ms !== undefined);
  return {
    slots: a.slots + b.slots,
    keys: a.keys + b.keys,
    bytes: a.bytes + b.bytes,
    ms: a.ms + b.ms,
    retries: a.retries + b.retries,
    warnings: [...a.warnings, ...b.warnings],
    ...(pauses.length === 0 ? {} : { writePauseMs: Math.max(...pauses) }),
    ...(evictions.length === 0 ? {} : { evicted: evictions.reduce((sum, keys) => sum + keys, 0) }),
  };
}

export class MoveTally {
  /** Slots moved, with their new owners. */
  readonly owners = new Map<number, string>();
  private keys = 0;
  private bytes = 0;
  private retries = 0;
  private writePauseMs: number | undefined;
  private readonly warnings: string[] = [];
  private readonly start = Date.now();

  constructor(private readonly onEvent: OnEvent) {}

  readonly emit = (event: ApplyEvent): void => {
    if (event.kind === 'slotClosed') this.owners.set(event.slot, event.target.id);
    else if (event.kind === 'retry') this.retries++;
    else if (event.kind === 'warning') this.warnings.push(event.message);
    else if (event.kind === 'batchMoved') {
      this.keys += event.keys;
      this.bytes += event.bytes;
    } else if (event.kind === 'jobDone') {
      this.keys += event.keys;
      if (event.writePauseMs !== undefined) this.writePauseMs = Math.max(event.writePauseMs, this.writePauseMs ?? 0);
    }
    this.onEvent(event);
  };

  stats(): ApplyStats {
    const { owners, keys, bytes, retries, warnings, writePauseMs } = this;
    // The size of a batch is an estimate with fractions.
    return { slots: owners.size, keys, bytes: Math.round(bytes), retries, warnings: [...warnings], ms: Date.now() - this.start, ...(writePauseMs === undefined ? {} : { writePauseMs }) };
  }
}

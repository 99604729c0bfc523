// Which address serves which slot, as a client learns it: from CLUSTER SLOTS, then from MOVED replies. No I/O.
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { SLOT_COUNT, isSlot } from '../cluster/slots.js';
import type { Reply } from '../resp/reply.js';

export interface Redirect {
  readonly kind: 'MOVED' | 'ASK';
  readonly slot: number;
  readonly address: Address;
}

/**
 * Reads `MOVED 3999 10.0.0.1:6381` and `ASK …`; an empty host means the node that replied. Undefined for any other error text,
 * and for invalid slots and ports.
 */
export function parseRedirect(message: string, from: Address): Redirect | undefined {
  const match = /^(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(message.trim());
  if (match === null) return undefined;
  const [slot, port] = [Number(match[2]), Number(match[4])];
  if (!isSlot(slot) || !isPort(port)) return undefined;
  const host = (match[3] ?? '').replace(/^\[(.*)\]$/, '$1');
  return { kind: match[1] === 'ASK' ? 'ASK' : 'MOVED', slot, address: { host: host === '' || host === '?' ? from.host : host, port } };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

export class SlotMap {
  private readonly owners = new Array<Address | undefined>(SLOT_COUNT).fill(undefined);

  owner(slot: number): Address | undefined {
    return this.owners[slot];
  }

  set(slot: number, owner: Address): void {
    this.owners[slot] = owner;
  }

  /** All different masters, in slot order. */
  masters(): Address[] {
    return [...new Map(this.owners.flatMap((owner) => (owner === undefined ? [] : [[formatAddress(owner), owner] as const]))).values()];
  }

  /** Applies a CLUSTER SLOTS reply; slots it does not mention have no owner. Malformed parts are ignored. */
  load(reply: Reply, from: Address): void {
    this.owners.fill(undefined);
    if (!Array.isArray(reply)) return;
    for (const entry of reply.slice(0, SLOT_COUNT)) {
      if (!Array.isArray(entry)) continue;
      const [first, last, node] = entry;
      if (typeof first !== 'number' || typeof last !== 'number' || !Array.isArray(node)) continue;
      const [host, port] = node;
      if (typeof port !== 'number' || !isPort(port)) continue;
      const owner = { host: typeof host === 'string' && host !== '' && host !== '?' ? host : from.host, port };
      this.owners.fill(owner, Math.max(0, first), Math.min(SLOT_COUNT, last + 1));
    }
  }
}

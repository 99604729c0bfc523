// Effects: what its host must do for the state machine. Events: what the host reports to it. Data only; step.ts turns events
// into effects.
import type { LogLevel } from '../../runtime/log.js';
import type { Link } from './node-record.js';
import type { Packet } from '../wire/packet.js';

/** Local effects come before those on the wire; a save comes before every packet that depends on it (cluster-node.md 1.7). */
export type Effect =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string }
  /** Write nodes.conf now; with `fsync` it must be on disk before anything that follows. */
  | { readonly kind: 'save'; readonly fsync: boolean }
  /** Delete the keys of a slot that another node took over. */
  | { readonly kind: 'deleteSlotKeys'; readonly slot: number }
  /** Slots that ceased to be ours: shard channel subscriptions end. */
  | { readonly kind: 'slotsLeft'; readonly slots: readonly number[] }
  /** Follow the master at this address; the data set is replaced by the master's. */
  | { readonly kind: 'replicate'; readonly ip: string; readonly port: number }
  /** Stop following a master: keep the data and accept writes. */
  | { readonly kind: 'promote' }
  /** Delete all data: a replica left its cluster. */
  | { readonly kind: 'flushData' }
  | { readonly kind: 'stateChanged'; readonly ok: boolean }
  | { readonly kind: 'publish'; readonly channel: string; readonly message: string; readonly sharded: boolean }
  /** Pause writes until this time (ms) for a manual failover, or resume them. */
  | { readonly kind: 'pauseWrites'; readonly until: number }
  | { readonly kind: 'resumeWrites' }
  | WireEffect;

/** Effects on connections, to be carried out in order. */
export type WireEffect =
  | { readonly kind: 'connect'; readonly link: Link; readonly ip: string; readonly cport: number }
  | { readonly kind: 'close'; readonly link: Link }
  | { readonly kind: 'send'; readonly link: Link; readonly packet: Packet };

export type ClusterEvent =
  /** An outbound connection is established; its addresses are in the link. */
  | { readonly kind: 'linkUp'; readonly link: Link }
  /** A connection failed or ended. */
  | { readonly kind: 'linkDown'; readonly link: Link }
  | { readonly kind: 'packet'; readonly link: Link; readonly packet: Packet }
  /** Every 100 ms. */
  | { readonly kind: 'cron' };

// Fixed numbers of the cluster bus (cluster-node.md 0.1, 2.2). No state and no configuration here.

/** Hash slots of a cluster. */
export const SLOTS = 16384;
/** Bytes of a slot bitmap: one bit per slot, least significant bit first. */
export const BITMAP_BYTES = SLOTS / 8;
/** Characters of a node id or shard id. */
export const ID_LENGTH = 40;
/** Distance of the default bus port from the client port. */
export const BUS_PORT_INCREMENT = 10_000;
/** Period of the cluster cron, ms. */
export const CRON_PERIOD_MS = 100;
/** How long a manual failover may take, ms; writes are paused for twice as long. */
export const MANUAL_FAILOVER_MS = 5_000;
/** How long a forgotten node cannot come back by gossip, ms. */
export const BLACKLIST_MS = 60_000;
/** A master that just came up stays FAIL at least this long after its first evaluation, ms. */
export const WRITABLE_DELAY_MS = 2_000;
/** A peer's clock may run this far ahead before its pong times are ignored, ms. */
export const CLOCK_TOLERANCE_MS = 500;

/** Message types on the wire; the order is also that of the counters in CLUSTER INFO. */
export const MessageType = {
  ping: 0,
  pong: 1,
  meet: 2,
  fail: 3,
  publish: 4,
  authRequest: 5,
  authAck: 6,
  update: 7,
  mfStart: 8,
  module: 9,
  publishShard: 10,
} as const;

/** Names of the message types as CLUSTER INFO prints them. */
export const MESSAGE_NAMES = [
  'ping',
  'pong',
  'meet',
  'fail',
  'publish',
  'auth-req',
  'auth-ack',
  'update',
  'mfstart',
  'module',
  'publishshard',
] as const;

/**
 * Maximum number of handshakes at once, more than the largest cluster has nodes. At this number a MEET from an unknown node
 * gets a PONG, but starts no handshake.
 */
export const MAX_HANDSHAKES = 2000;

/** Bits of the first byte of `mflags` (cluster-node.md 2.5). */
export const MessageFlag = { paused: 1, forceAck: 2, extData: 4 } as const;

const ID_SHAPE = /^[0-9a-z]{40}$/;

/** True for a text shaped like a node id: 40 characters of 0-9a-z (cluster-node.md 0.3). */
export function isNodeId(text: string): boolean {
  return ID_SHAPE.test(text);
}

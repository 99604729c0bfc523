// The node as a library (`redis-trib/server`): starts one in the caller's process, with the caller's clock and log. Only
// re-exports.
export { startNode, Node } from './node.js';
export type { NodeOptions } from './node.js';
export { Config } from './config/config.js';
export { ManualClock, systemClock } from './runtime/clock.js';
export type { CancelTimer, Clock } from './runtime/clock.js';
export { seededRandom, systemRandom } from './runtime/random.js';
export type { Random } from './runtime/random.js';
export { silentLogger } from './runtime/log.js';
export type { Logger } from './runtime/log.js';

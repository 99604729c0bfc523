// The node as a library (`redis-trib/server`): start one in your process, with your clock and log. Re-exports only.
export { startNode, Node } from './node.js';
export type { NodeOptions } from './node.js';
export { Config } from './config/config.js';
export { ManualClock, systemClock } from './clock.js';
export type { CancelTimer, Clock } from './clock.js';
export { seededRandom, systemRandom } from './random.js';
export type { Random } from './random.js';
export { silentLogger } from './log.js';
export type { Logger } from './log.js';

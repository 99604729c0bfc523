// Limits of connected clients that are checked ten times per second: idle time and unread output (timeout,
// client-output-buffer-limit).
import type { Client } from '../exec/client.js';
import type { NodeServices } from '../exec/context.js';

interface OutputLimit {
  readonly hard: number;
  readonly soft: number;
  readonly softSeconds: number;
}

const NO_LIMIT: OutputLimit = { hard: 0, soft: 0, softSeconds: 0 };

/** Time in ms since which a client exceeds its soft limit. */
const overSince = new WeakMap<Client, number>();

/** Closes clients that were idle for too long or do not read their output. */
export function enforceClientLimits(node: NodeServices, idleSeconds: number): void {
  const now = node.clock.now();
  let limits: Map<string, OutputLimit> | null = null;
  for (const client of [...node.clients]) {
    if (idleSeconds > 0 && client.role === 'normal' && isIdle(node, client, now, idleSeconds)) {
      node.log.verbose('Closing idle client');
      client.close(true);
      continue;
    }
    if (client.outputPending === 0) continue;
    limits ??= parseLimits(node.config.text('client-output-buffer-limit'));
    const limit = limitOf(node, client, limits);
    if (!exceeds(client, limit, now)) continue;
    node.log.warning(`Client ${client.transport.remote} scheduled to be closed ASAP for overcoming of output buffer limits.`);
    client.close(true);
  }
}

/** The hard limit of a replica is at least the size of the replication backlog, as in Redis. */
function limitOf(node: NodeServices, client: Client, limits: Map<string, OutputLimit>): OutputLimit {
  const limit = limits.get(client.role === 'replica' ? 'slave' : client.subscriptions > 0 ? 'pubsub' : 'normal') ?? NO_LIMIT;
  if (client.role !== 'replica' || limit.hard === 0) return limit;
  return { ...limit, hard: Math.max(limit.hard, node.config.integer('repl-backlog-size')) };
}

function isIdle(node: NodeServices, client: Client, now: number, seconds: number): boolean {
  return client.subscriptions === 0 && !node.blocking.isBlocked(client) && now - client.lastInteraction > seconds * 1000;
}

function exceeds(client: Client, limit: OutputLimit, now: number): boolean {
  const bytes = client.outputPending;
  if (limit.hard > 0 && bytes > limit.hard) return true;
  if (limit.soft === 0 || bytes <= limit.soft) {
    overSince.delete(client);
    return false;
  }
  const since = overSince.get(client);
  if (since === undefined) overSince.set(client, now);
  return since !== undefined && now - since > limit.softSeconds * 1000;
}

/** `normal 0 0 0 slave … pubsub …`, as CONFIG GET shows it: bytes, bytes, seconds. */
function parseLimits(text: string): Map<string, OutputLimit> {
  const words = text.split(' ');
  const limits = new Map<string, OutputLimit>();
  for (let i = 0; i + 3 < words.length; i += 4) {
    limits.set(words[i]!, { hard: Number(words[i + 1]), soft: Number(words[i + 2]), softSeconds: Number(words[i + 3]) });
  }
  return limits;
}

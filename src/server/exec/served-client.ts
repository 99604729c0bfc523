// A client and the node that serves it, as handlers get them. A single object, since there is one per connection and handlers
// run millions of times.
import type { ServerReply } from '../../resp/server-reply.js';
import { BLOCKED } from './block-request.js';
import type { BlockRequest } from './block-request.js';
import { Client } from './client.js';
import type { Transport } from './client.js';
import type { CommandContext, NodeServices } from './context.js';

/** The origin of a command; it determines which gates apply. */
export type Origin = 'client' | 'exec' | 'replication' | 'aof';

export class ServedClient extends Client implements CommandContext {
  /** @param origin a client's requests, a master's stream, or the append-only file. */
  constructor(id: number, readonly node: NodeServices, transport: Transport, readonly origin: Exclude<Origin, 'exec'> = 'client') {
    super(id, node.keyspace, node.stats, node.clock.now(), transport, node.outputGate);
  }

  get client(): this {
    return this;
  }
  get now(): number {
    return this.keyspace.now;
  }

  block(request: BlockRequest): ServerReply {
    if (this.executing || this.origin !== 'client') return request.onTimeout;
    this.node.blocking.block(this, request);
    return BLOCKED;
  }
}

// A client and the node that serves it: what a handler is given. One object for both, as there is one a connection and
// handlers run millions of times.
import type { ServerReply } from '../../resp/server-reply.js';
import { BLOCKED } from './block-request.js';
import type { BlockRequest } from './block-request.js';
import { Client } from './client.js';
import type { Transport } from './client.js';
import type { CommandContext, NodeServices } from './context.js';

export class ServedClient extends Client implements CommandContext {
  constructor(id: number, readonly node: NodeServices, transport: Transport) {
    super(id, node.keyspace, node.stats, node.clock.now(), transport);
  }

  get client(): this {
    return this;
  }
  get now(): number {
    return this.keyspace.now;
  }

  block(request: BlockRequest): ServerReply {
    if (this.executing) return request.onTimeout;
    this.node.blocking.block(this, request);
    return BLOCKED;
  }
}

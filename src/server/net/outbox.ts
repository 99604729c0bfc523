// Clients with pending output: written once at the end of a read event, or of the turn when the output came from elsewhere
// (pub/sub, a timeout).
import type { Client } from '../exec/client.js';

/** An error of one client must not affect others. */
function send(client: Client): void {
  try {
    client.flush();
  } catch (error) {
    client.onFault(error);
    client.close(true);
  }
}

export class Outbox {
  private waiting: Client[] = [];
  private scheduled = false;

  /** A client got its first unsent output. */
  add(client: Client): void {
    this.waiting.push(client);
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(() => this.flush());
  }

  /** Writes all pending output: one write per client. */
  flush(): void {
    this.scheduled = false;
    if (this.waiting.length === 0) return;
    const clients = this.waiting;
    this.waiting = [];
    for (let i = 0; i < clients.length; i++) send(clients[i]!);
  }
}

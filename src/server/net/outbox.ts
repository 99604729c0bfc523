// Clients that have output waiting: written once at the end of a read event, or of the turn when the output came
// from elsewhere (a message for a subscriber, a timeout).
import type { Client } from '../dispatch/client.js';

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

  /** Writes everything that waits: one write a client. */
  flush(): void {
    this.scheduled = false;
    if (this.waiting.length === 0) return;
    const clients = this.waiting;
    this.waiting = [];
    for (let i = 0; i < clients.length; i++) clients[i]!.flush();
  }
}

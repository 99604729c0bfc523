// All connected clients, by id.
import type { Client } from './client.js';

export class Clients {
  private readonly byId = new Map<number, Client>();
  private lastId = 0;

  nextId(): number {
    return ++this.lastId;
  }

  add(client: Client): void {
    this.byId.set(client.id, client);
  }

  remove(client: Client): void {
    this.byId.delete(client.id);
  }

  get(id: number): Client | undefined {
    return this.byId.get(id);
  }

  get size(): number {
    return this.byId.size;
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.byId.values();
  }
}

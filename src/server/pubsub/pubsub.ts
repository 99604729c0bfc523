// Subscriptions of channels and patterns, and delivery to local subscribers. Cluster-wide delivery is in the bus.
import type { Client } from '../exec/client.js';
import { matchGlob } from '../../resp/glob.js';

type Listeners = Map<string, Set<Client>>;

function add(listeners: Listeners, name: string, client: Client): void {
  let set = listeners.get(name);
  if (!set) listeners.set(name, (set = new Set()));
  set.add(client);
}

function drop(listeners: Listeners, name: string, client: Client): void {
  const set = listeners.get(name);
  if (set?.delete(client) && set.size === 0) listeners.delete(name);
}

export class PubSub {
  readonly channels: Listeners = new Map();
  readonly patterns: Listeners = new Map();
  readonly shardChannels: Listeners = new Map();

  subscribe(client: Client, channel: string): void {
    client.channels.add(channel);
    add(this.channels, channel, client);
  }

  unsubscribe(client: Client, channel: string): boolean {
    drop(this.channels, channel, client);
    return client.channels.delete(channel);
  }

  psubscribe(client: Client, pattern: string): void {
    client.patterns.add(pattern);
    add(this.patterns, pattern, client);
  }

  punsubscribe(client: Client, pattern: string): boolean {
    drop(this.patterns, pattern, client);
    return client.patterns.delete(pattern);
  }

  ssubscribe(client: Client, channel: string): void {
    client.shardChannels.add(channel);
    add(this.shardChannels, channel, client);
  }

  sunsubscribe(client: Client, channel: string): boolean {
    drop(this.shardChannels, channel, client);
    return client.shardChannels.delete(channel);
  }

  /** Delivers to channel and pattern subscribers of this node; returns the number of deliveries. */
  publish(channel: string, message: string): number {
    let receivers = 0;
    for (const client of this.channels.get(channel) ?? []) {
      client.push(['message', channel, message]);
      receivers++;
    }
    for (const [pattern, clients] of this.patterns) {
      if (!matchGlob(pattern, channel)) continue;
      for (const client of clients) {
        client.push(['pmessage', pattern, channel, message]);
        receivers++;
      }
    }
    return receivers;
  }

  /** Delivers to the subscribers of a shard channel. */
  publishShard(channel: string, message: string): number {
    let receivers = 0;
    for (const client of this.shardChannels.get(channel) ?? []) {
      client.push(['smessage', channel, message]);
      receivers++;
    }
    return receivers;
  }

  /** Ends the shard subscriptions of a slot that left this node; subscribers are notified. */
  dropShardChannels(concerns: (channel: string) => boolean): void {
    for (const [channel, clients] of [...this.shardChannels]) {
      if (!concerns(channel)) continue;
      for (const client of [...clients]) {
        this.sunsubscribe(client, channel);
        client.push(['sunsubscribe', channel, client.shardChannels.size]);
      }
    }
  }

  /** The client has disconnected, or sent RESET. */
  forget(client: Client): void {
    for (const channel of [...client.channels]) this.unsubscribe(client, channel);
    for (const pattern of [...client.patterns]) this.punsubscribe(client, pattern);
    for (const channel of [...client.shardChannels]) this.sunsubscribe(client, channel);
  }
}

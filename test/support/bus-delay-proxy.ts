// A proxy of a node's cluster bus port that forwards packet by packet: the packets of one node can be delayed.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Places in the header of a bus packet (cluster-node.md 2). */
const TOTAL_LENGTH = 4;
const SENDER = 40;
const SLOTS = 80;

/** Cuts a stream into bus packets. */
class Packets {
  private rest: Buffer = Buffer.alloc(0);

  *take(chunk: Buffer): Generator<Buffer> {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 8 && this.rest.length >= this.rest.readUInt32BE(TOTAL_LENGTH)) {
      const length = this.rest.readUInt32BE(TOTAL_LENGTH);
      yield this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
    }
  }
}

const senderOf = (packet: Buffer): string => packet.toString('latin1', SENDER, SENDER + 40);

/** Whether the packet's sender claims the slot. */
export function claims(packet: Buffer, slot: number): boolean {
  return ((packet[SLOTS + (slot >> 3)] ?? 0) & (1 << (slot & 7))) !== 0;
}

export interface HeldBus {
  readonly port: number;
  /** Packets of this node are kept from now on. */
  hold(sender: string): void;
  /** What is kept, oldest first. */
  readonly held: readonly Buffer[];
  /** Forwards the oldest delayed packets while `which` returns true; without it all of them, and later ones at once. */
  release(which?: (packet: Buffer) => boolean): void;
  close(): void;
}

/** A listener before the bus port; answers that come back on the same connections are never held. */
export async function holdBus(busPort: number): Promise<HeldBus> {
  const sockets = new Set<Socket>();
  const kept: { readonly packet: Buffer; readonly to: Socket }[] = [];
  let sender: string | undefined;
  const server = createServer({ noDelay: true }, (from) => {
    const to = connect({ host: '127.0.0.1', port: busPort, noDelay: true });
    const packets = new Packets();
    for (const socket of [from, to]) sockets.add(socket.on('error', () => undefined));
    from.on('data', (chunk: Buffer) => {
      for (const packet of packets.take(chunk)) {
        // What follows on the same connection stays behind: Valkey's light messages do not name their sender.
        if (sender !== undefined && (senderOf(packet) === sender || kept.some((one) => one.to === to))) kept.push({ packet, to });
        else to.write(packet);
      }
    });
    from.once('close', () => to.destroy());
    to.on('data', (chunk: Buffer) => from.write(chunk)).once('close', () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hold: (id) => (sender = id),
    get held() {
      return kept.map(({ packet }) => packet);
    },
    release: (which) => {
      if (which === undefined) sender = undefined;
      for (let next = kept[0]; next !== undefined && (which?.(next.packet) ?? true); next = kept[0]) {
        kept.shift();
        next.to.write(next.packet);
      }
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

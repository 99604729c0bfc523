// The sockets of links: connecting, accepting, splitting streams into packets, writing. Not here: the meaning of packets, and
// which links exist (step.ts); bus.ts connects both.
import net from 'node:net';
import { messageOf } from '../../../errors.js';
import { decodePacket, encodePacket } from '../wire/codec.js';
import { PacketFramer } from '../wire/framing.js';
import type { Link } from '../state/node-record.js';
import type { Packet } from '../wire/packet.js';

export interface LinkEvents {
  accepted(): Link;
  up(link: Link): void;
  down(link: Link, reason: string): void;
  packet(link: Link, packet: Packet): void;
  /** An invalid packet: ignored, but counted by its type (CLUSTER INFO). */
  invalid(link: Link, type: number, reason: string): void;
  /** Node timeout in ms, for keepalive. */
  nodeTimeout(): number;
}

export class LinkSockets {
  private readonly sockets = new Map<Link, net.Socket>();
  private readonly servers: net.Server[] = [];
  private lastPacket: Packet | null = null;
  private lastBytes: Buffer = Buffer.alloc(0);

  constructor(
    private readonly events: LinkEvents,
    /** Local address of outbound connections, '' for the system's choice. */
    private readonly sourceAddress: string,
  ) {}

  /** Listens on one address. Throws the system's error. */
  async listen(host: string, port: number): Promise<void> {
    const server = net.createServer({ noDelay: true }, (socket) => this.accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: 511, ipv6Only: host.includes(':') }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', () => undefined); // A connection that cannot be accepted must not end the node.
    this.servers.push(server);
  }

  /** The port listened on, 0 when there is none. */
  get port(): number {
    const address = this.servers[0]?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  connect(link: Link, host: string, port: number): void {
    if (host === '' || port === 0) {
      setImmediate(() => this.events.down(link, 'no address')); // an empty host would mean this machine
      return;
    }
    const local = this.sourceAddress === '' ? {} : { localAddress: this.sourceAddress };
    const socket = net.connect({ host, port, noDelay: true, ...local });
    socket.once('connect', () => {
      learnAddresses(link, socket);
      this.events.up(link);
    });
    this.adopt(link, socket);
  }

  private accept(socket: net.Socket): void {
    const link = this.events.accepted();
    learnAddresses(link, socket);
    const idle = Math.max(1, Math.floor(this.events.nodeTimeout() / 1000) * 2);
    socket.setKeepAlive(true, idle * 1000);
    this.adopt(link, socket);
  }

  private adopt(link: Link, socket: net.Socket): void {
    this.sockets.set(link, socket);
    const framer = new PacketFramer();
    let reason = 'connection closed';
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => {
      if (this.sockets.delete(link)) this.events.down(link, reason);
    });
    socket.on('data', (chunk) => {
      try {
        for (const bytes of framer.feed(chunk)) this.receive(link, bytes);
      } catch (error) {
        reason = `bad packet: ${messageOf(error)}`;
        socket.destroy();
      }
    });
  }

  private receive(link: Link, bytes: Buffer): void {
    if (link.closed) return;
    const decoded = decodePacket(bytes);
    if ('packet' in decoded) this.events.packet(link, decoded.packet);
    else this.events.invalid(link, bytes.readUInt16BE(12), decoded.invalid);
  }

  /** Sends a packet. Until the connection is established, the socket queues it. */
  send(link: Link, packet: Packet): void {
    const socket = this.sockets.get(link);
    if (socket === undefined || socket.destroyed) return;
    // A broadcast is one packet on many links: it is encoded once.
    if (packet !== this.lastPacket) {
      this.lastPacket = packet;
      this.lastBytes = encodePacket(packet);
    }
    socket.write(this.lastBytes);
  }

  /** Drops a connection without a `closed` event: the state machine asked for it. */
  close(link: Link): void {
    const socket = this.sockets.get(link);
    this.sockets.delete(link);
    socket?.destroy();
  }

  /** Updates `queuedBytes` of every link. */
  measure(): void {
    for (const [link, socket] of this.sockets) link.queuedBytes = socket.writableLength;
  }

  /** Bytes waiting on all links. */
  get queuedBytes(): number {
    let sum = 0;
    for (const socket of this.sockets.values()) sum += socket.writableLength;
    return sum;
  }

  /** Releases the encoded packet that is kept for broadcasts. */
  forgetLast(): void {
    this.lastPacket = null;
    this.lastBytes = Buffer.alloc(0);
  }

  /** Closes everything; resolves when the ports are free. */
  async closeAll(): Promise<void> {
    const closed = this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const link of [...this.sockets.keys()]) this.close(link);
    await Promise.all(closed);
  }
}

function learnAddresses(link: Link, socket: net.Socket): void {
  link.remoteIp = plainIp(socket.remoteAddress);
  link.localIp = plainIp(socket.localAddress);
}

/** Dual-stack sockets show IPv4 peers as ::ffff:a.b.c.d (cluster-node.md 1.1). */
function plainIp(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}

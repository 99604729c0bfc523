// The cluster bus of real and bundled processes behind proxies, one a node, which each node announces as its bus port: packets
// between groups of nodes can be dropped without an error, as by a network partition. Clients and replication links are not
// touched.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Places in the header of a bus packet (cluster-node.md 2). */
const SENDER = 40;
const SENDER_END = 80;

interface Way {
  /** Id of the node that connected, '' until its first packet has come. */
  sender: string;
  head: Buffer;
  /** Bytes were dropped: it cannot be used any more. */
  cut: boolean;
  readonly ends: readonly [Socket, Socket];
}

class BusProxy {
  target = 0;
  id = '';
  readonly ways = new Set<Way>();
  private constructor(private readonly server: Server) {}

  static async listen(mayPass: (from: string, to: string) => boolean): Promise<BusProxy> {
    const server = createServer({ noDelay: true }, (from) => proxy.accept(from, mayPass));
    const proxy = new BusProxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private accept(from: Socket, mayPass: (from: string, to: string) => boolean): void {
    const to = connect({ host: '127.0.0.1', port: this.target, noDelay: true });
    const way: Way = { sender: '', head: Buffer.alloc(0), cut: false, ends: [from, to] };
    this.ways.add(way);
    const passes = (): boolean => !(way.cut ||= way.sender !== '' && !mayPass(way.sender, this.id));
    const over = (): void => {
      this.ways.delete(way);
      from.destroy();
      to.destroy();
    };
    from.on('data', (chunk: Buffer) => {
      if (way.sender === '') {
        way.head = Buffer.concat([way.head, chunk]);
        if (way.head.length < SENDER_END) return;
        way.sender = way.head.toString('latin1', SENDER, SENDER_END);
        if (passes()) to.write(way.head);
      } else if (passes()) to.write(chunk);
    });
    to.on('data', (chunk: Buffer) => {
      if (passes()) from.write(chunk);
    });
    for (const end of way.ends) end.on('error', over).on('close', over);
  }

  /** Breaks connections that have lost bytes. */
  breakCut(): void {
    for (const way of this.ways) if (way.cut) for (const end of way.ends) end.destroy();
  }

  close(): void {
    this.server.close();
    for (const way of this.ways) for (const end of way.ends) end.destroy();
  }
}

export class PartitionedBus {
  private readonly groups = new Map<string, number>();
  private constructor(private readonly proxies: BusProxy[]) {}

  static async open(count: number): Promise<PartitionedBus> {
    const proxies: BusProxy[] = [];
    const bus = new PartitionedBus(proxies);
    for (let i = 0; i < count; i++) proxies.push(await BusProxy.listen((from, to) => bus.groups.get(from) === bus.groups.get(to)));
    return bus;
  }

  private at(index: number): BusProxy {
    const found = this.proxies[index];
    if (found === undefined) throw new RangeError(`no proxy ${index}`);
    return found;
  }

  /** The bus port that node `index` announces. */
  portOf(index: number): number {
    return this.at(index).port;
  }

  /** Node `index` listens on this bus port. */
  leadTo(index: number, busPort: number): void {
    this.at(index).target = busPort;
  }

  /** The ids of the nodes, by index. */
  know(ids: readonly string[]): void {
    ids.forEach((id, index) => (this.at(index).id = id));
  }

  /** Nodes whose packets arrive only among themselves from now on. `group`: for further groups beside the first one. */
  isolate(indices: readonly number[], group = 1): void {
    for (const index of indices) this.groups.set(this.at(index).id, group);
  }

  heal(): void {
    this.groups.clear();
    for (const proxy of this.proxies) proxy.breakCut();
  }

  close(): void {
    for (const proxy of this.proxies) proxy.close();
  }
}

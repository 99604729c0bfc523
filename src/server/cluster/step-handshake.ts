// Meeting nodes and keeping their addresses and identities right (cluster-node 1.2–1.5).
import { isNodeId, MessageType } from './constants.js';
import { NodeFlag } from './flags.js';
import type { Link, NodeAddress } from './node-record.js';
import { NodeRecord } from './node-record.js';
import type { PacketHeader } from './packet.js';
import { bannedAt, isNewerThanBan } from './step-blacklist.js';
import type { Turn } from './turn.js';

/** Starts meeting a node: CLUSTER MEET. Nothing happens when that is under way already. */
export function startHandshake(turn: Turn, address: NodeAddress, sayMeet: boolean): void {
  const { state } = turn;
  const running = state.nodes.some(
    (node) => node.inHandshake && node.ip.toLowerCase() === address.ip.toLowerCase() && node.port === address.port && node.cport === address.cport,
  );
  if (running) return;
  const flags = NodeFlag.handshake | (sayMeet ? NodeFlag.meet : 0);
  const node = new NodeRecord(state.env.random.hex(40), flags, turn.now);
  node.setAddress(address);
  state.add(node);
}

/** MEET from somebody we do not know: our cron will connect back. */
export function onStrangerMeets(turn: Turn, link: Link, header: PacketHeader): void {
  if (!isNodeId(header.sender)) return;
  const address = addressOf(link, header);
  if (address === undefined) return;
  startHandshake(turn, address, false);
  turn.needSave();
}

/** The address a header announces; its IP is the one of the socket unless it is announced. */
function addressOf(link: Link, header: PacketHeader): NodeAddress | undefined {
  const ip = header.ip !== '' ? header.ip : link.remoteIp;
  return ip === '' ? undefined : { ip, port: header.port, pport: header.pport, cport: header.cport };
}

/** Learns our own address from the socket a MEET came by, or a first PING (1.4). */
export function detectOwnAddress(turn: Turn, link: Link, type: number): void {
  const { myself, env } = turn.state;
  if (env.settings.announceIp !== '' || link.localIp === '' || link.localIp === myself.ip) return;
  if (type !== MessageType.meet && myself.ip !== '') return;
  myself.ip = link.localIp;
  turn.log('notice', `IP address for this node updated to ${myself.ip}`);
  turn.needSave();
}

/**
 * Takes over a new address of a known node (1.5). Our own outbound link to it says nothing: it leads where we
 * believed the node to be.
 */
export function updateAddress(turn: Turn, node: NodeRecord, link: Link, header: PacketHeader): void {
  if (link === node.link || node === turn.state.myself) return;
  const address = addressOf(link, header);
  if (address === undefined || node.hasAddress(address)) return;
  node.setAddress(address);
  turn.close(node.link);
  node.clear(NodeFlag.noaddr);
  turn.log('warning', `Address updated for node ${node.id}, now ${address.ip}:${address.port}`);
  turn.needUpdate();
  turn.needSave();
}

/**
 * The first answer on the outbound link of a node in handshake (1.3): it tells who the node is. The node may turn
 * out to be known already, or to be ourselves; then the handshake record goes away.
 */
export function completeHandshake(turn: Turn, link: Link, node: NodeRecord, header: PacketHeader): void {
  const { state } = turn;
  if (!isNodeId(header.sender)) return;
  const known = state.lookup(header.sender);
  if (known !== undefined) {
    updateAddress(turn, known, link, header);
    turn.deleteNode(node);
    return;
  }
  state.rename(node, header.sender);
  node.clear(NodeFlag.handshake);
  node.met = true;
  if (isNewerThanBan(node, bannedAt(turn, node.id))) turn.state.blacklist.delete(node.id);
  node.set(header.flags & (NodeFlag.master | NodeFlag.replica));
  turn.log('debug', `Handshake with node ${node.id} completed.`);
  turn.needSave();
}

/** Somebody else answers where a node used to be: we do not know its address any more (1.5). */
export function loseAddress(turn: Turn, link: Link, node: NodeRecord): void {
  turn.log('debug', `PONG contains mismatching sender ID. About node ${node.id} added ${turn.now - node.createdAt} ms ago.`);
  node.set(NodeFlag.noaddr);
  node.setAddress({ ip: '', port: 0, pport: 0, cport: 0 });
  turn.close(link);
  turn.needSave();
}

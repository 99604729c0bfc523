// Meeting nodes and keeping their addresses and identities right (cluster-node.md 1.2–1.5).
import { isNodeId, MessageType, MAX_HANDSHAKES } from '../wire/constants.js';
import { NodeFlag } from '../state/flags.js';
import type { Link, NodeAddress } from '../state/node-record.js';
import { NodeRecord } from '../state/node-record.js';
import type { PacketHeader } from '../wire/packet.js';
import { bannedAt, isNewerThanBan } from './blacklist.js';
import type { StepContext } from '../state/step-context.js';

/** Starts meeting a node: CLUSTER MEET. Nothing happens when that is under way already. */
export function startHandshake(context: StepContext, address: NodeAddress, sayMeet: boolean): void {
  const { state } = context;
  const running = state.nodes.some(
    (node) => node.inHandshake && node.ip.toLowerCase() === address.ip.toLowerCase() && node.port === address.port && node.cport === address.cport,
  );
  if (running) return;
  const flags = NodeFlag.handshake | (sayMeet ? NodeFlag.meet : 0);
  const node = new NodeRecord(state.env.random.hex(40), flags, context.now);
  node.setAddress(address);
  state.add(node);
}

/** A MEET from an unknown node: our cron connects back to it. */
export function onMeetFromUnknown(context: StepContext, link: Link, header: PacketHeader): void {
  if (!isNodeId(header.sender)) return;
  const address = addressOf(link, header);
  if (address === undefined) return;
  // Each handshake takes a record and a connection until it times out, so the number that unknown nodes may start is limited.
  if (context.state.nodes.filter((node) => node.inHandshake).length >= MAX_HANDSHAKES) return;
  startHandshake(context, address, false);
  context.needSave();
}

/** The address a header announces; its IP is the one of the socket unless it is announced. */
function addressOf(link: Link, header: PacketHeader): NodeAddress | undefined {
  const ip = header.ip !== '' ? header.ip : link.remoteIp;
  return ip === '' ? undefined : { ip, port: header.port, pport: header.pport, cport: header.cport };
}

/** Sets our own address to the local address of the socket: at a MEET, or at the first PING while we have none (1.4). */
export function detectOwnAddress(context: StepContext, link: Link, type: number): void {
  const { myself, env } = context.state;
  if (env.settings.announceIp !== '' || link.localIp === '' || link.localIp === myself.ip) return;
  if (type !== MessageType.meet && myself.ip !== '') return;
  myself.ip = link.localIp;
  context.log('notice', `IP address for this node updated to ${myself.ip}`);
  context.needSave();
}

/**
 * Updates the address of a known node (1.5). Our own outbound link is ignored: it connects to the address that we already have.
 */
export function updateAddress(context: StepContext, node: NodeRecord, link: Link, header: PacketHeader): void {
  if (link === node.link || node === context.state.myself) return;
  const address = addressOf(link, header);
  if (address === undefined || node.hasAddress(address)) return;
  node.setAddress(address);
  context.close(node.link);
  node.clear(NodeFlag.noaddr);
  context.log('warning', `Address updated for node ${node.id}, now ${address.ip}:${address.port}`);
  context.needUpdate();
  context.needSave();
}

/**
 * The first answer on the outbound link of a node in handshake (1.3): it contains the id of the node. The node may turn
 * out to be known already, or to be ourselves; then the handshake record is deleted.
 */
export function completeHandshake(context: StepContext, link: Link, node: NodeRecord, header: PacketHeader): void {
  const { state } = context;
  if (!isNodeId(header.sender)) return;
  const known = state.lookup(header.sender);
  if (known !== undefined) {
    updateAddress(context, known, link, header);
    context.deleteNode(node);
    return;
  }
  state.rename(node, header.sender);
  node.clear(NodeFlag.handshake);
  node.met = true;
  if (isNewerThanBan(node, bannedAt(context, node.id))) context.state.blacklist.delete(node.id);
  node.set(header.flags & (NodeFlag.master | NodeFlag.replica));
  context.log('debug', `Handshake with node ${node.id} completed.`);
  context.needSave();
}

/** Another node answers at a node's address: its own address is unknown from now on (1.5). */
export function loseAddress(context: StepContext, link: Link, node: NodeRecord): void {
  context.log('debug', `PONG contains mismatching sender ID. About node ${node.id} added ${context.now - node.createdAt} ms ago.`);
  node.set(NodeFlag.noaddr);
  node.setAddress({ ip: '', port: 0, pport: 0, cport: 0 });
  context.close(link);
  context.needSave();
}

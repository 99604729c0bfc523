// Node and epoch operations of an administrator: MEET, FORGET, RESET, SET-CONFIG-EPOCH … (cluster-node.md 6.2).
import { isIP } from 'node:net';
import type { Outcome } from './slots.js';
import { BUS_PORT_INCREMENT, ID_LENGTH } from '../wire/constants.js';
import { bumpEpoch } from '../rules/epochs.js';
import { blacklist, isBlacklisted } from '../rules/blacklist.js';
import { startHandshake } from '../rules/handshake.js';
import { resetManualFailover } from '../rules/manual-failover.js';
import { stopReplicating } from '../rules/promotion.js';
import type { StepContext } from '../state/step-context.js';

/** MEET: starts a handshake. `cport` undefined: client port + 10000. False when the address cannot be one. */
export function meet(context: StepContext, ip: string, port: number, cport = port + BUS_PORT_INCREMENT): boolean {
  const valid = (p: number): boolean => Number.isInteger(p) && p > 0 && p <= 65_535;
  if (isIP(ip) === 0 || !valid(port) || !valid(cport)) return false;
  startHandshake(context, { ip: normalized(ip), port, pport: 0, cport }, true);
  return true;
}

/** The canonical text of an address, as inet_ntop writes it. */
function normalized(ip: string): string {
  return isIP(ip) === 6 ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip;
}

/** FORGET: removes a node. For a minute gossip cannot add it again. */
export function forget(context: StepContext, id: string): Outcome {
  const { state } = context;
  const node = state.lookup(id);
  // 7.2: the node may already be forgotten by gossip. Repeating FORGET is no error.
  if (node === undefined) return isBlacklisted(context, id) ? null : `ERR Unknown node ${id}`;
  if (node === state.myself) return "ERR I tried hard but I can't forget myself...";
  if (node === state.myself.master) return "ERR Can't forget my master!";
  blacklist(context, id);
  context.deleteNode(node);
  context.needUpdate();
  context.needSave();
  return null;
}

/** SET-CONFIG-EPOCH: sets the first epoch of a node that knows no other node. */
export function setConfigEpoch(context: StepContext, epoch: number): Outcome {
  const { state } = context;
  if (epoch < 0) return `ERR Invalid config epoch specified: ${epoch}`;
  if (state.nodes.length > 1) {
    return 'ERR The user can assign a config epoch only when the node does not know any other node.';
  }
  if (state.myself.configEpoch !== 0) return 'ERR Node config epoch is already non-zero';
  state.myself.configEpoch = epoch;
  state.currentEpoch = Math.max(state.currentEpoch, epoch);
  context.needUpdate();
  context.needSave();
  return null;
}

/** BUMPEPOCH: the status text of the reply. */
export function bumpConfigEpoch(context: StepContext): string {
  const bumped = bumpEpoch(context);
  return `${bumped ? 'BUMPED' : 'STILL'} ${context.state.myself.configEpoch}`;
}

/** RESET: leaves the cluster; HARD also takes a new node id. Refused while a master has keys. */
export function reset(context: StepContext, hard: boolean): Outcome {
  const { state } = context;
  const { myself } = state;
  if (myself.isMaster && !state.env.data.isEmpty()) {
    return "ERR CLUSTER RESET can't be called with master nodes containing keys";
  }
  if (myself.isReplica) {
    stopReplicating(context);
    context.emit({ kind: 'flushData' });
  }
  state.slots.closeAll();
  resetManualFailover(context);
  for (const node of [...state.nodes]) state.slots.unassignAllOf(node);
  for (const node of [...state.nodes]) if (node !== myself) context.deleteNode(node);
  state.blacklist.clear();
  if (hard) newIdentity(context);
  context.needUpdate();
  context.needFsync();
  return null;
}

function newIdentity(context: StepContext): void {
  const { state } = context;
  const { random } = state.env;
  state.currentEpoch = 0;
  state.lastVoteEpoch = 0;
  state.myself.configEpoch = 0;
  state.rename(state.myself, random.hex(ID_LENGTH));
  state.shardId = random.hex(ID_LENGTH);
  context.log('notice', `configEpoch set to 0 via CLUSTER RESET HARD; node hard reset, now I'm ${state.myself.id}`);
}

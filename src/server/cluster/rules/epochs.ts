// Configuration epochs: adopting the greater, resolving collisions, taking a new one without an election (cluster-node.md 3.1,
// 3.8).
import type { NodeRecord } from '../state/node-record.js';
import type { PacketHeader } from '../wire/packet.js';
import type { StepContext } from '../state/step-context.js';

/** Takes over what the header of a known, non-handshake sender says about epochs. */
export function adoptEpochs(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  const { state } = context;
  if (header.currentEpoch > state.currentEpoch) state.currentEpoch = header.currentEpoch;
  // Only masters have an epoch of their own; a replica's header carries its master's (cluster-node.md 9, item 4).
  if (header.slaveof === '' && header.configEpoch > sender.configEpoch) {
    sender.configEpoch = header.configEpoch;
    context.needFsync();
  }
}

/** Two masters with one epoch: the one with the smaller id takes a new epoch, so the process converges. */
export function resolveCollision(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  const { state } = context;
  const { myself } = state;
  if (!sender.isMaster || !myself.isMaster || header.configEpoch !== myself.configEpoch) return;
  if (sender.id <= myself.id) return;
  state.currentEpoch++;
  myself.configEpoch = state.currentEpoch;
  context.log('verbose', `WARNING: configEpoch collision with node ${sender.id}. configEpoch set to ${myself.configEpoch}`);
  context.needFsync();
}

/** Takes the next epoch without an election (BUMPEPOCH, the end of an import). False: our epoch is the greatest already. */
export function bumpEpoch(context: StepContext): boolean {
  const { state } = context;
  const { myself } = state;
  const greatest = state.nodes.reduce((most, node) => Math.max(most, node.configEpoch), state.currentEpoch);
  if (myself.configEpoch !== 0 && myself.configEpoch === greatest) return false;
  state.currentEpoch++;
  myself.configEpoch = state.currentEpoch;
  context.log('warning', `New configEpoch set to ${myself.configEpoch}`);
  context.needFsync();
  return true;
}

// CLUSTER subcommands about slots: ADDSLOTS … SETSLOT, keys in slots, KEYSLOT (cluster-node.md 6.2). The rules are in
// server/cluster/admin/slots.ts.
import type { Args } from '../../exec/command.js';
import { keySlot } from '../../../cluster/slots.js';
import { ErrorReply, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { addSlots, delSlots, flushSlots, setSlot } from '../../cluster/admin/slots.js';
import type { Outcome, SetSlotAction } from '../../cluster/admin/slots.js';
import { SLOTS } from '../../cluster/wire/constants.js';
import { busOf } from '../../cluster/node-cluster.js';
import type { StepContext } from '../../cluster/state/step-context.js';
import { intArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { wrongArity } from '../../errors.js';

const BAD_SLOT = new ErrorReply('ERR Invalid or out of range slot');
const INVALID_SLOT = new ErrorReply('ERR Invalid slot');
const INVALID_SLOT_OR_COUNT = new ErrorReply('ERR Invalid slot or number of keys');
const BAD_SETSLOT = new ErrorReply('ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP');
const MASTERS_ONLY = new ErrorReply('ERR Please use SETSLOT only with masters.');

/** The reply to an operation that was done or refused. */
export function outcomeReply(outcome: Outcome): ServerReply {
  return outcome === null ? OK : new ErrorReply(outcome);
}

function slotArg(text: string | undefined): number {
  const slot = intArg(text, BAD_SLOT);
  if (slot < 0 || slot >= SLOTS) throw BAD_SLOT;
  return slot;
}

type SlotOperation = (context: StepContext, slots: readonly number[]) => Outcome;

function onSlots(ctx: CommandContext, args: Args, operation: SlotOperation): ServerReply {
  const bus = busOf(ctx.node);
  const slots = args.slice(2).map(slotArg);
  return outcomeReply(bus.administer((context) => operation(context, slots)));
}

function onRanges(ctx: CommandContext, args: Args, operation: SlotOperation, name: string): ServerReply {
  const bus = busOf(ctx.node);
  if (args.length % 2 !== 0) throw wrongArity(`cluster|${name}`);
  const slots: number[] = [];
  for (let i = 2; i < args.length; i += 2) {
    const [start, end] = [slotArg(args[i]), slotArg(args[i + 1])];
    if (start > end) throw new ErrorReply(`ERR start slot number ${start} is greater than end slot number ${end}`);
    // A repeated range is refused at its first slot, so the list never needs more than all slots.
    for (let slot = start; slot <= end && slots.length <= SLOTS; slot++) slots.push(slot);
  }
  return outcomeReply(bus.administer((context) => operation(context, slots)));
}

export const clusterAddslots = (ctx: CommandContext, args: Args): ServerReply => onSlots(ctx, args, addSlots);
export const clusterDelslots = (ctx: CommandContext, args: Args): ServerReply => onSlots(ctx, args, delSlots);
export const clusterAddslotsrange = (ctx: CommandContext, args: Args): ServerReply => onRanges(ctx, args, addSlots, 'addslotsrange');
export const clusterDelslotsrange = (ctx: CommandContext, args: Args): ServerReply => onRanges(ctx, args, delSlots, 'delslotsrange');

export function clusterFlushslots(ctx: CommandContext): ServerReply {
  return outcomeReply(busOf(ctx.node).administer(flushSlots));
}

export function clusterSetslot(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  if (bus.state.myself.isReplica) throw MASTERS_ONLY;
  const slot = slotArg(args[2]);
  const action = setSlotAction(args);
  return outcomeReply(bus.administer((context) => setSlot(context, slot, action)));
}

function setSlotAction(args: Args): SetSlotAction {
  const word = (args[3] ?? '').toLowerCase();
  const id = args[4];
  if (word === 'stable' && args.length === 4) return { kind: 'stable' };
  const kind = word === 'migrating' || word === 'importing' || word === 'node' ? word : null;
  if (kind === null || id === undefined || args.length !== 5) throw BAD_SETSLOT;
  return { kind, id };
}

export function clusterCountkeysinslot(ctx: CommandContext, args: Args): ServerReply {
  busOf(ctx.node);
  const slot = intArg(args[2]);
  if (slot < 0 || slot >= SLOTS) throw INVALID_SLOT;
  return ctx.keyspace.db(0).countInSlot(slot);
}

export function clusterGetkeysinslot(ctx: CommandContext, args: Args): ServerReply {
  busOf(ctx.node);
  const [slot, count] = [intArg(args[2]), intArg(args[3])];
  if (slot < 0 || slot >= SLOTS || count < 0) throw INVALID_SLOT_OR_COUNT;
  return ctx.keyspace.db(0).keysInSlot(slot, count);
}

export function clusterKeyslot(ctx: CommandContext, args: Args): ServerReply {
  busOf(ctx.node);
  return keySlot(args[2] ?? '');
}

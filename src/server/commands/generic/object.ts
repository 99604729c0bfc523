// OBJECT: the encoding of a value and its last access.
import type { Args } from '../../exec/command.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext, NodeServices } from '../../exec/context.js';
import { encodingName } from '../../types/value.js';
import type { Value } from '../../types/value.js';
import { containerHelp } from '../container-help.js';

const AFTER_SWITCH = 'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';
const IS_LFU = new ErrorReply(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${AFTER_SWITCH}`);
const NOT_LFU = new ErrorReply(`ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${AFTER_SWITCH}`);
const NO_FREQUENCY = new ErrorReply('ERR access frequency is not tracked by this version of the node');
/** Integers that Redis shares as one object, and the reference count it shows for them. */
const SHARED_INTEGERS = 10_000;
const SHARED_COUNT = 2_147_483_647;

const policyOf = (node: NodeServices): string => node.config.text('maxmemory-policy');

const forValue = (answer: (ctx: CommandContext, value: Value, key: string) => ServerReply) => {
  return (ctx: CommandContext, args: Args): ServerReply => {
    const value = ctx.db.lookupWithoutTrace(args[2]!);
    return value === undefined ? null : answer(ctx, value, args[2]!);
  };
};

export const objectHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'OBJECT');

export const objectEncoding = forValue((_ctx, value) => encodingName(value));

export const objectRefcount = forValue(({ node }, value) => {
  if (typeof value !== 'number' || value < 0 || value >= SHARED_INTEGERS) return 1;
  const perObject = node.config.integer('maxmemory') > 0 && /lru|lfu/.test(policyOf(node));
  return perObject ? 1 : SHARED_COUNT;
});

export const objectIdletime = forValue(({ node, db }, _value, key) => {
  if (policyOf(node).includes('lfu')) throw IS_LFU;
  return db.idleSeconds(key);
});

export const objectFreq = forValue(({ node }) => {
  throw policyOf(node).includes('lfu') ? NO_FREQUENCY : NOT_LFU;
});

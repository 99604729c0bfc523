// nodes.conf: the state of the cluster as text and back (cluster-node.md 5). Files and locks are in config-file.ts.
import type { ClusterEnvironment } from '../state/cluster-config.js';
import { BUS_PORT_INCREMENT, isNodeId, SLOTS } from '../wire/constants.js';
import { nodeLine } from './describe.js';
import { NodeFlag, parseFlags } from '../state/flags.js';
import { NodeRecord } from '../state/node-record.js';
import { ClusterState } from '../state/state.js';

/** nodes.conf cannot be parsed. The node must not start, because its epochs and votes would be lost. */
export class CorruptConfigError extends Error {}

/**
 * The text of nodes.conf, in the form of 7.0 that every version reads. Our shard id is one of the variables, because Redis
 * skips variables that it does not know.
 */
export function formatNodesConf(state: ClusterState): string {
  const lines = state.nodes.filter((node) => !node.inHandshake).map((node) => `${nodeLine(state, node)}\n`);
  return `${lines.join('')}vars currentEpoch ${state.currentEpoch} lastVoteEpoch ${state.lastVoteEpoch} shardId ${state.shardId}\n`;
}

/** Reads nodes.conf of 7.0 or later. Throws CorruptConfigError. */
export function parseNodesConf(text: string, env: ClusterEnvironment, now: number): ClusterState {
  const lines = text.split('\n').map(splitFields).filter((fields) => fields.length > 0);
  const own = lines.find((fields) => fields[0] !== 'vars' && (fields[2] ?? '').split(',').includes('myself'));
  if (own === undefined) throw new CorruptConfigError('no line is about this node itself');
  const state = new ClusterState(env, now, validId(own[0]));
  for (const fields of lines) {
    if (fields[0] === 'vars') readVariables(state, fields);
    else readNode(state, fields, now);
  }
  if (state.myself.isReplica && state.myself.master === null) promote(state);
  for (const node of state.nodes) if (node.replicas.length > 0) node.set(NodeFlag.migrateTo);
  for (const node of state.nodes) state.currentEpoch = Math.max(state.currentEpoch, node.configEpoch);
  state.refreshMyself();
  return state;
}

/** Splits at blanks; a field may be quoted. */
function splitFields(line: string): string[] {
  const fields = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return fields.map((field) => (/^["']/.test(field) ? field.slice(1, -1) : field));
}

function validId(id: string | undefined): string {
  if (id === undefined || !isNodeId(id)) throw new CorruptConfigError(`'${id ?? ''}' is not a node id`);
  return id;
}

function number(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new CorruptConfigError(`'${text ?? ''}' is not a number`);
  return value;
}

function readVariables(state: ClusterState, fields: readonly string[]): void {
  if (fields.length % 2 === 0) throw new CorruptConfigError('variables come in pairs');
  for (let i = 1; i < fields.length; i += 2) {
    if (fields[i] === 'currentEpoch') state.currentEpoch = Math.max(state.currentEpoch, number(fields[i + 1]));
    else if (fields[i] === 'lastVoteEpoch') state.lastVoteEpoch = number(fields[i + 1]);
    else if (fields[i] === 'shardId') state.shardId = validId(fields[i + 1]);
  }
}

/** The record of an id; nodes may be named before their own line. */
function recordOf(state: ClusterState, id: string | undefined, now: number): NodeRecord {
  const known = state.lookup(validId(id));
  if (known !== undefined) return known;
  const node = new NodeRecord(validId(id), 0, now);
  state.add(node);
  return node;
}

function readNode(state: ClusterState, fields: readonly string[], now: number): void {
  if (fields.length < 8) throw new CorruptConfigError(`a line of ${fields.length} fields`);
  const [id, address, flagText, masterId, pingSent, pongReceived, epoch] = fields;
  const node = recordOf(state, id, now);
  readAddress(state, node, address ?? '');
  const flags = parseFlags(flagText ?? '');
  if (flags === undefined) throw new CorruptConfigError(`flags '${flagText ?? ''}'`);
  if ((flags & NodeFlag.myself) !== 0 && node !== state.myself) throw new CorruptConfigError('two lines are about this node itself');
  // Flags such as FAIL or NOADDR in the file are never true of this node itself (cluster-node.md 11, item 6).
  node.flags = node === state.myself ? flags & (NodeFlag.myself | NodeFlag.master | NodeFlag.replica) : flags;
  if (node.has(NodeFlag.fail)) node.failTime = now;
  if (masterId !== '-') state.attachToMaster(node, recordOf(state, masterId, now));
  if (pingSent !== '0') node.pingSent = node === state.myself ? 0 : now;
  if (pongReceived !== '0') node.pongReceived = now;
  node.configEpoch = masterId === '-' ? number(epoch) : 0;
  for (const field of fields.slice(8)) readSlots(state, node, field, now);
}

/** `ip:port@cport[,hostname[,name=value…]]`; the port follows the last colon because IPv6 has colons too. */
function readAddress(state: ClusterState, node: NodeRecord, text: string): void {
  const [endpoint = '', hostname = '', ...aux] = text.split(',');
  const [left = '', cport] = endpoint.split('@');
  const colon = left.lastIndexOf(':');
  if (colon < 0) throw new CorruptConfigError(`address '${text}'`);
  const port = number(left.slice(colon + 1));
  node.setAddress({ ip: left.slice(0, colon), port, pport: 0, cport: cport === undefined ? port + BUS_PORT_INCREMENT : number(cport) });
  node.hostname = hostname;
  for (const field of aux) {
    const [name, value = ''] = field.split('=');
    if (name === 'nodename') node.nodename = value;
    if (name !== 'shard-id' || !isNodeId(value)) continue;
    node.shardId = value;
    if (node === state.myself) state.shardId = value;
  }
}

function readSlots(state: ClusterState, node: NodeRecord, field: string, now: number): void {
  const open = /^\[(\d+)-([<>])-(\w+)\]$/.exec(field);
  if (open !== null) {
    const peer = recordOf(state, open[3], now);
    if (open[2] === '>') state.slots.setMigrating(slotNumber(open[1]), peer);
    else state.slots.setImporting(slotNumber(open[1]), peer);
    return;
  }
  const [start, end] = field.split('-');
  const last = slotNumber(end ?? start);
  for (let slot = slotNumber(start); slot <= last; slot++) state.slots.assign(slot, node);
}

function slotNumber(text: string | undefined): number {
  const slot = number(text);
  if (slot >= SLOTS) throw new CorruptConfigError(`slot ${slot}`);
  return slot;
}

/** A replica without a master would claim to be a master in its headers (cluster-node.md 11, item 8): it becomes one. */
function promote(state: ClusterState): void {
  state.myself.flags = (state.myself.flags & ~NodeFlag.replica) | NodeFlag.master;
}

// One line about a client, as in CLIENT LIST and CLIENT INFO. Fields that the runtime does not report (the file descriptor, the
// kernel's buffers) are -1 or 0.
import type { Client } from '../../exec/client.js';
import type { NodeServices } from '../../exec/context.js';

export type ClientType = 'normal' | 'replica' | 'master' | 'pubsub';

/** The type in CLIENT LIST TYPE or CLIENT KILL TYPE, or null. */
export function clientTypeOf(word: string): ClientType | null {
  const lower = word.toLowerCase();
  if (lower === 'slave') return 'replica';
  return lower === 'normal' || lower === 'replica' || lower === 'master' || lower === 'pubsub' ? lower : null;
}

export const typeOfClient = (client: Client): ClientType =>
  client.role !== 'normal' ? client.role : client.subscriptions > 0 ? 'pubsub' : 'normal';

function flagsOf(node: NodeServices, client: Client): string {
  const { tracking } = client;
  const flags: [boolean, string][] = [
    [client.role === 'replica', 'S'],
    [client.role === 'master', 'M'],
    [client.monitor, 'O'],
    [client.subscriptions > 0, 'P'],
    [client.transaction !== null, 'x'],
    [node.blocking.isBlocked(client), 'b'],
    [tracking !== null, 't'],
    [tracking?.broken === true, 'R'],
    [tracking?.bcast === true, 'B'],
    [client.dirtyCas, 'd'],
    [client.closing, 'A'],
    [client.readonly, 'r'],
    [client.noEvict, 'e'],
  ];
  const letters = flags.map(([set, letter]) => (set ? letter : '')).join('');
  return letters === '' ? 'N' : letters;
}

/** Bytes of the words queued since MULTI. */
function queuedBytes(client: Client): number {
  let bytes = 0;
  for (const { args } of client.transaction?.queue ?? []) for (const word of args) bytes += word.length;
  return bytes;
}

/** A client's line, without the line end. */
export function clientLine(node: NodeServices, client: Client): string {
  const now = node.clock.now();
  const seconds = (since: number): number => Math.max(0, Math.floor((now - since) / 1000));
  const input = client.inputPending();
  const queued = queuedBytes(client);
  const parsed = client.inputParsed();
  const { outputBuffered } = client;
  const { backlog, backlogPieces } = client.transport;
  const fields: [string, string | number][] = [
    ['id', client.id],
    ['addr', client.transport.remote],
    ['laddr', client.transport.local],
    ['fd', -1],
    ['name', client.name],
    ['age', seconds(client.created)],
    ['idle', seconds(client.lastInteraction)],
    ['flags', flagsOf(node, client)],
    ['db', client.dbIndex],
    ['sub', client.channels.size],
    ['psub', client.patterns.size],
    ['ssub', client.shardChannels.size],
    ['multi', client.transaction === null ? -1 : client.transaction.queue.length],
    ['qbuf', input],
    ['qbuf-free', 0],
    ['argv-mem', parsed],
    ['multi-mem', queued],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', outputBuffered],
    ['oll', backlogPieces],
    ['omem', backlog],
    ['tot-mem', input + parsed + queued + outputBuffered + backlog],
    ['events', backlog > 0 ? 'rw' : 'r'],
    ['cmd', client.lastCommand],
    ['user', client.user],
    ['redir', client.tracking === null ? -1 : client.tracking.redirect],
    ['resp', client.protocol],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

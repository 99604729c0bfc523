// The handshake of a replica with its master, up to the beginning of the synchronisation
// (persistence-replication.md 4.2). Pure: bytes to send come out, lines go in.
import { encodeCommand, encodeCommands } from '../../resp/command.js';

export interface HandshakeSettings {
  readonly user: string;
  readonly password: string;
  /** Port that the master shows for this replica. */
  readonly announcePort: number;
  /** Empty: the master shows the address it sees. */
  readonly announceIp: string;
  /** The id and offset from which this node can resume; null requests a full resynchronisation. */
  readonly known: { readonly replid: string; readonly next: number } | null;
  /** This node is the master that hands over in FAILOVER. */
  readonly failover: boolean;
}

/** The kind of synchronisation. `sync`: the master does not support PSYNC; an RDB without replication id follows. */
export type HandshakeResult =
  | { readonly kind: 'full'; readonly replid: string; readonly offset: number }
  | { readonly kind: 'continue'; readonly replid: string | null }
  | { readonly kind: 'sync' };

/**
 * What to do after a line: send, wait for more (null), fail (`refused`: the target of a FAILOVER refuses to take over), or
 * synchronise.
 */
export type HandshakeStep =
  | { readonly send: string }
  | { readonly failed: string; readonly refused?: boolean }
  | { readonly result: HandshakeResult; readonly send?: string }
  | null;

interface Expected {
  readonly what: string;
  /** An error ends the handshake; otherwise it is ignored. */
  readonly needed: boolean;
}

export class Handshake {
  private phase: 'ping' | 'introduction' | 'psync' = 'ping';
  private readonly expected: Expected[] = [];
  /** Lines of errors that were ignored, for the log. */
  readonly ignored: string[] = [];

  constructor(private readonly settings: HandshakeSettings) {}

  begin(): string {
    return encodeCommand(['PING']);
  }

  /** One line of the master, without its line end. Empty lines are keepalives. */
  take(line: string): HandshakeStep {
    if (line === '') return null;
    if (this.phase === 'ping') return this.afterPing(line);
    if (this.phase === 'introduction') return this.afterIntroduction(line);
    return this.afterPsync(line);
  }

  private afterPing(line: string): HandshakeStep {
    const tolerated = /^(\+|-NOAUTH|-NOPERM|-ERR operation not permitted)/.test(line);
    if (!tolerated) return { failed: `Error reply to PING from master: '${line}'` };
    this.phase = 'introduction';
    return { send: this.introduction() };
  }

  /** All at once; the replies come in the same order. */
  private introduction(): string {
    const { user, password, announcePort, announceIp } = this.settings;
    const commands: string[][] = [];
    const say = (needed: boolean, what: string, ...words: string[]): void => {
      commands.push(words);
      this.expected.push({ what, needed });
    };
    if (password !== '') say(true, 'authenticate with', 'AUTH', ...(user === '' ? [] : [user]), password);
    say(false, 'REPLCONF listening-port', 'REPLCONF', 'listening-port', String(announcePort));
    if (announceIp !== '') say(false, 'REPLCONF ip-address', 'REPLCONF', 'ip-address', announceIp);
    say(false, 'REPLCONF capa', 'REPLCONF', 'capa', 'eof', 'capa', 'psync2');
    return encodeCommands(commands);
  }

  private afterIntroduction(line: string): HandshakeStep {
    const { what, needed } = this.expected.shift()!;
    if (line.startsWith('-')) {
      if (needed) return { failed: `Unable to ${what} MASTER: ${line}` };
      this.ignored.push(`(Non critical) Master does not understand ${what}: ${line}`);
    }
    if (this.expected.length > 0) return null;
    this.phase = 'psync';
    const { known, failover } = this.settings;
    const words = ['PSYNC', known?.replid ?? '?', known === null ? '-1' : String(known.next)];
    return { send: encodeCommand(failover ? [...words, 'FAILOVER'] : words) };
  }

  private afterPsync(line: string): HandshakeStep {
    const full = /^\+FULLRESYNC ([0-9a-f]{40}) (\d+)$/i.exec(line);
    if (full) return { result: { kind: 'full', replid: full[1]!.toLowerCase(), offset: Number(full[2]) } };
    if (line.startsWith('+FULLRESYNC')) return { failed: `Master replied with wrong +FULLRESYNC syntax: ${line}` };
    const partial = /^\+CONTINUE(?: ([0-9a-f]{40}))?\s*$/i.exec(line);
    if (partial) return { result: { kind: 'continue', replid: partial[1]?.toLowerCase() ?? null } };
    if (/^-(NOMASTERLINK|LOADING)/.test(line)) return { failed: `Master is currently unable to PSYNC but should be in the future: ${line}` };
    if (this.settings.failover) return { failed: `Failover target rejected psync request: ${line}`, refused: true };
    // 4.2: anything else means a master without PSYNC.
    return { result: { kind: 'sync' }, send: 'SYNC\r\n' };
  }
}

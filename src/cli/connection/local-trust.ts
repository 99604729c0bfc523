// Whether the state file of local nodes in a folder may name the program to run: the folder may come from another person. State
// created or confirmed on this machine is remembered by folder, program and address. Not here: starting (local/).
import { Allowances } from '../../files/allowances.js';
import { stateFile, type LocalState } from '../../local/state.js';
import { ExitCode, TribError } from '../../errors.js';
import type { SubcommandContext } from '../program/define.js';
import { shellWord } from '../options/shell-word.js';

/** The parts of the state that a start depends on. */
function substance({ server, host }: LocalState): string {
  return JSON.stringify({ server, host });
}

export class LocalTrust {
  private readonly allowances: Allowances;
  private confirmed = false;

  constructor(
    private readonly folder: string,
    private readonly context: Pick<SubcommandContext, 'io' | 'signal'>,
  ) {
    this.allowances = new Allowances(context.io.env);
  }

  /** Stores the user's confirmation. */
  readonly remember = async (state: LocalState): Promise<void> => {
    await this.allowances.add(stateFile(this.folder), substance(state));
  };

  /**
   * Throws UNCONFIRMED (exit 2) without a terminal to ask, DECLINED (exit 4). The bundled node on loopback needs no
   * confirmation.
   */
  readonly confirm = async (state: LocalState): Promise<void> => {
    const { server, host } = state;
    if (this.confirmed || (server === null && host === '127.0.0.1')) return;
    const file = stateFile(this.folder);
    if (this.allowances.has(file, substance(state))) return;
    const { io, signal } = this.context;
    const what = server === null ? `listen on ${host}` : `run ${server}${host === '127.0.0.1' ? '' : ` on ${host}`}`;
    if (!io.interactive) {
      const hint = server === null ? 'if that is intended: redis-trib local clean, then local up' : `if that is your server, confirm it with --server ${shellWord(server)}`;
      throw new TribError('UNCONFIRMED', `${file} requests to ${what}, and was not created by you here`, { exitCode: ExitCode.usage, hint });
    }
    await (await io.prompts(signal)).confirm(`${file} requests to ${what}. Do so? (type 'yes' to accept):`, '--server PATH');
    this.confirmed = true;
    await this.remember(state);
  };
}

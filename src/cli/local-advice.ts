// What `local` advises, made right for the folder at hand: its commands find nodes only with the same --dir, and a folder
// remembers the server of a start that failed. Not here: the errors themselves (local/, join-local.ts).
import { resolve } from 'node:path';
import { TribError } from '../errors.js';
import { LOCAL_FOLDER, type LocalState } from '../local/state.js';
import { shellWord } from './shell-word.js';

/** Every `redis-trib local ACTION` in the text with `--dir FOLDER` behind it; unchanged for the default folder. */
export function withFolder(text: string, folder: string, cwd: string): string {
  if (folder === resolve(cwd, LOCAL_FOLDER)) return text;
  return text.replace(/\bredis-trib local (up|start|status|logs|stop|clean)\b/g, (words) => `${words} --dir ${shellWord(folder)}`);
}

/** Nobody asked for this server now, and it never ran here: it is only what an earlier start that failed had been told. */
function remembered(error: TribError, state: LocalState | undefined): string | undefined {
  if (!/^(START_FAILED|NO_SERVER)$/.test(error.code) || state === undefined || state.server === null || state.nodes.some(({ pid }) => pid > 0)) return undefined;
  return `this folder remembers --server ${shellWord(state.server)} from an earlier start, which failed too: give another with --server PATH, or forget it: redis-trib local clean --yes`;
}

/** The error of an action, with advice that works in its folder. `state`: what the folder remembers, when no server was asked for. */
export function localFailure(error: unknown, folder: string, cwd: string, state: LocalState | undefined): unknown {
  if (!(error instanceof TribError)) return error;
  const { code, message, exitCode, cause } = error;
  const advice = remembered(error, state) ?? error.hint;
  const hint = advice === undefined ? undefined : withFolder(advice, folder, cwd);
  if (hint === undefined || hint === error.hint) return error;
  return new TribError(code, message, { exitCode, hint, ...(cause === undefined ? {} : { cause }) });
}

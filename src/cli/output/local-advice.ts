// The advice of `local`, adapted to the folder: commands find nodes only with the same --dir, and a folder records the server
// of a failed start. Not here: the errors themselves (local/, connection/join-local.ts).
import { resolve } from 'node:path';
import { TribError } from '../../errors.js';
import { LOCAL_FOLDER, type LocalState } from '../../local/state.js';
import { shellWord } from '../options/shell-word.js';

/** Adds `--dir FOLDER` to every `redis-trib local ACTION` in the text; unchanged for the default folder. */
export function withFolder(text: string, folder: string, cwd: string): string {
  if (folder === resolve(cwd, LOCAL_FOLDER)) return text;
  return text.replace(/\bredis-trib local (up|start|create|status|watch|call|logs|tail|tailall|restart|stop|clean-logs|clean)\b/g, (words) => `${words} --dir ${shellWord(folder)}`);
}

/** The server was not requested now and never ran here: it is remembered from an earlier start that failed. */
function remembered(error: TribError, state: LocalState | undefined): string | undefined {
  if (!/^(START_FAILED|NO_SERVER)$/.test(error.code) || state === undefined || state.server === null || state.nodes.some(({ pid }) => pid > 0)) return undefined;
  return `this folder remembers --server ${shellWord(state.server)} from an earlier start that failed too: give another one with --server PATH, or remove it: redis-trib local clean --yes`;
}

/** The error of an action, with advice for its folder. `state`: what the folder records, when no server was requested. */
export function localFailure(error: unknown, folder: string, cwd: string, state: LocalState | undefined): unknown {
  if (!(error instanceof TribError)) return error;
  const { code, message, exitCode, cause } = error;
  const advice = remembered(error, state) ?? error.hint;
  const hint = advice === undefined ? undefined : withFolder(advice, folder, cwd);
  if (hint === undefined || hint === error.hint) return error;
  return new TribError(code, message, { exitCode, hint, ...(cause === undefined ? {} : { cause }) });
}

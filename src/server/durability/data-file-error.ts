// A data file that cannot be read: which one, where, why, and what to do. The node leaves the file unchanged.
import { TribError, messageOf } from '../../errors.js';

export function dataFileError(what: string, path: string, error: unknown, hint = `inspect the file with \`redis-trib rdb ${path}\`, and keep a copy before you change it`): TribError {
  const reason = messageOf(error);
  return new TribError('DATA_FILE', `Fatal error loading ${what} ${path}: ${reason}. Exiting.`, { cause: error, hint });
}

// The environment of a run of the program, which tests replace. Only types.
import type { PauseSwitch } from '../../apply/mover/pacing/pause-switch.js';
import type { Io } from '../../ui/io.js';
import type { Streams } from '../../ui/streams.js';
import type { Environment } from '../../ui/terminal.js';

/** The environment of a run of the program. */
export interface Host {
  readonly argv: readonly string[];
  /** The name the program was called by; `redis-trib.rb` selects that program's lines. */
  readonly calledAs?: string;
  readonly streams: Streams;
  readonly env: Environment;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Pauses moves of slots. */
  readonly pause?: PauseSwitch;
  /** The process runs nothing else, so its CPU priority may be lowered. */
  readonly ownProcess?: boolean;
  /** Version of this package, for --version. */
  readonly version: string;
  /** Called with the io in use, so that signals are reported in its format. */
  readonly onIo?: (io: Io) => void;
}

// Ctrl-C and SIGTERM: the first stops the running command cleanly, the second exits at once. SIGUSR2 pauses and resumes
// moves of slots. Independent of the commands.
import { PauseSwitch } from '../../apply/mover/pacing/pause-switch.js';
import { ExitCode, TribError } from '../../errors.js';

const EXIT_OF = { SIGINT: ExitCode.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

export interface SignalWatch {
  readonly signal: AbortSignal;
  /** Toggled by SIGUSR2 (SIGUSR1 belongs to Node's debugger). */
  readonly pause: PauseSwitch;
  /** Stops watching. */
  dispose(): void;
}

/** `onFirst` prints the message of the first signal; `leave` ends the process with the given code. */
export function watchSignals(onFirst: (text: string) => void, leave: (code: number) => void): SignalWatch {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const exitCode = name in EXIT_OF ? EXIT_OF[name as keyof typeof EXIT_OF] : ExitCode.interrupted;
    if (controller.signal.aborted) return leave(exitCode);
    onFirst(name === 'SIGINT' ? 'Stopping. Press Ctrl-C again to exit at once.' : `Stopping on ${name}.`);
    controller.abort(new TribError('INTERRUPTED', `interrupted by ${name}`, { exitCode }));
  };
  const names = Object.keys(EXIT_OF) as NodeJS.Signals[];
  for (const name of names) process.on(name, onSignal);
  const pause = new PauseSwitch();
  const onPause = (): void => pause.toggle();
  process.on('SIGUSR2', onPause);
  return {
    signal: controller.signal,
    pause,
    dispose: () => {
      for (const name of names) process.off(name, onSignal);
      process.off('SIGUSR2', onPause);
    },
  };
}

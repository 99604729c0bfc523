// Loaded before the server (node --import): measures how late the timers of its event loop are, and writes the longest delay since the
// last time to stderr at SIGUSR2, in ms: all of it, what of it was not waiting for a core that other programs had, and the longest CPU time
// of this thread between two looks. The last two are of /proc/self/schedstat, where there is one.
import { openSync, readSync } from 'node:fs';

const PERIOD = 1;
const buffer = Buffer.alloc(100);
const file = (() => {
  try {
    return openSync('/proc/self/schedstat', 'r'); // of the main thread
  } catch {
    return null;
  }
})();

/** Now, the time this thread has run, and the time for which it has waited for a core, ms. */
function look() {
  const now = performance.now();
  if (file === null) return [now, now, 0];
  const length = readSync(file, buffer, 0, buffer.length, 0);
  const [run, wait] = buffer.toString('latin1', 0, length).split(' ');
  return [now, Number(run) / 1e6, Number(wait) / 1e6];
}

let last = look();
let [longest, longestOwn, longestRun] = [0, 0, 0];
setInterval(() => {
  const next = look();
  const [delay, run, wait] = next.map((time, i) => time - last[i]);
  longest = Math.max(longest, delay - PERIOD);
  longestOwn = Math.max(longestOwn, delay - PERIOD - wait);
  longestRun = Math.max(longestRun, run);
  last = next;
}, PERIOD).unref();
process.on('SIGUSR2', () => {
  process.stderr.write(`longest delay ${longest.toFixed(2)} own ${longestOwn.toFixed(2)} run ${longestRun.toFixed(2)}\n`);
  [longest, longestOwn, longestRun] = [0, 0, 0];
});

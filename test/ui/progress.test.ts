// Progress lines: counts, rate, ETA; what is written when there is no terminal.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { formatDuration, progressLine, startProgress } from '../../src/ui/progress.js';

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [8.4, '8s'],
    [64, '1m04s'],
    [7500, '2h05m'],
  ])('%d seconds is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('progressLine', () => {
  const options = { total: 2730, unit: 'slots' };
  it('shows no rate or ETA before they are reliable', () => {
    expect(progressLine('Moving', options, 0, 0)).toBe('Moving: 0/2730 slots (0%)');
  });
  it('estimates the remaining time from the rate so far', () => {
    expect(progressLine('Moving', options, 910, 10_000, '12,004 keys')).toBe('Moving: 910/2730 slots (33%), 12,004 keys, 91 slots/s, ETA 20s');
  });
  it('counts without a total', () => {
    expect(progressLine('Loading', { unit: 'keys' }, 500, 1000)).toBe('Loading: 500 keys, 500 keys/s');
  });
});

describe('startProgress', () => {
  it('writes plain lines, at most one per interval, and the end', async () => {
    const stream = new PassThrough();
    const progress = await startProgress(stream, 'lines', 'Moving slots', { total: 10, unit: 'slots', everyMs: 60_000 });
    progress.update(1);
    progress.update(2);
    progress.succeed('Moved 10 slots');
    expect(String(stream.read())).toBe('Moving slots…\nMoved 10 slots\n');
  });
  it('prints nothing in silent mode', async () => {
    const stream = new PassThrough();
    const progress = await startProgress(stream, 'silent', 'Moving slots', { unit: 'slots' });
    progress.update(1);
    progress.succeed('done');
    expect(stream.read()).toBeNull();
  });
});

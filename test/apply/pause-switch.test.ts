// The switch that pauses moves, and the wait of the workers. No nodes.
import { expect, it } from 'vitest';
import { PauseSwitch, PausePoint } from '../../src/apply/mover/pacing/pause-switch.js';

const turns = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('reports once when the last worker pauses and once when they resume, with all slots finished before', async () => {
  const pause = new PauseSwitch();
  const told: boolean[] = [];
  const place = new PausePoint(pause, undefined, (paused) => told.push(paused));
  const done: string[] = [];
  let letSlow = (): void => undefined;
  const slow = new Promise<void>((resolve) => (letSlow = resolve));
  const worker = (name: string, before: Promise<void>) => async (): Promise<void> => {
    await before;
    await place.pauseHere(() => Promise.resolve(done.push(`${name} finished`)));
    done.push(`${name} on`);
  };
  pause.pause();
  const all = Promise.all([place.run(worker('a', Promise.resolve())), place.run(worker('b', slow)), place.run(() => slow)]);
  await turns();
  expect([told, done]).toEqual([[], ['a finished']]);
  letSlow();
  await turns();
  expect([told, done]).toEqual([[true], ['a finished', 'b finished']]);
  pause.toggle();
  await all;
  expect([told, done]).toEqual([[true, false], ['a finished', 'b finished', 'a on', 'b on']]);
  await place.pauseHere(() => Promise.reject(new Error('no rest is wanted')));
});

it('stays paused and reports one pause when resume() and pause() are called before a worker runs', async () => {
  const pause = new PauseSwitch();
  const told: boolean[] = [];
  const place = new PausePoint(pause, undefined, (paused) => told.push(paused));
  pause.toggle();
  const work = place.run(() => place.pauseHere(() => Promise.resolve()));
  await turns();
  pause.resume();
  pause.pause();
  await turns();
  expect([told, pause.paused]).toEqual([[true], true]);
  pause.resume();
  await work;
  expect(told).toEqual([true, false]);
});

it('an abort ends the pause without reporting a resume', async () => {
  const pause = new PauseSwitch();
  const stop = new AbortController();
  const told: boolean[] = [];
  const place = new PausePoint(pause, stop.signal, (paused) => told.push(paused));
  pause.pause();
  const work = place.run(() => place.pauseHere(() => Promise.resolve()));
  await turns();
  stop.abort();
  await work;
  await place.pauseHere(() => Promise.reject(new Error('no pause callback may run after an abort')));
  expect(told).toEqual([true]);
});

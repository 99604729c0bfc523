// The switch that makes moves rest, and the place where they do. No nodes.
import { expect, it } from 'vitest';
import { PauseSwitch, RestingPlace } from '../../src/apply/mover/pause-switch.js';

const turns = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('tells once when the last worker rests, and once when they go on; what each did is finished before', async () => {
  const pause = new PauseSwitch();
  const told: boolean[] = [];
  const place = new RestingPlace(pause, undefined, (paused) => told.push(paused));
  const done: string[] = [];
  let letSlow = (): void => undefined;
  const slow = new Promise<void>((resolve) => (letSlow = resolve));
  const worker = (name: string, before: Promise<void>) => async (): Promise<void> => {
    await before;
    await place.rest(() => Promise.resolve(done.push(`${name} finished`)));
    done.push(`${name} on`);
  };
  pause.pause();
  const all = Promise.all([place.employ(worker('a', Promise.resolve())), place.employ(worker('b', slow)), place.employ(() => slow)]);
  await turns();
  expect([told, done]).toEqual([[], ['a finished']]);
  letSlow();
  await turns();
  expect([told, done]).toEqual([[true], ['a finished', 'b finished']]);
  pause.toggle();
  await all;
  expect([told, done]).toEqual([[true, false], ['a finished', 'b finished', 'a on', 'b on']]);
  await place.rest(() => Promise.reject(new Error('no rest is wanted')));
});

it('thrown twice before anybody looked: they rest on, and nothing is told twice', async () => {
  const pause = new PauseSwitch();
  const told: boolean[] = [];
  const place = new RestingPlace(pause, undefined, (paused) => told.push(paused));
  pause.toggle();
  const work = place.employ(() => place.rest(() => Promise.resolve()));
  await turns();
  pause.resume();
  pause.pause();
  await turns();
  expect([told, pause.paused]).toEqual([[true], true]);
  pause.resume();
  await work;
  expect(told).toEqual([true, false]);
});

it('ends with the signal, without a word of going on', async () => {
  const pause = new PauseSwitch();
  const stop = new AbortController();
  const told: boolean[] = [];
  const place = new RestingPlace(pause, stop.signal, (paused) => told.push(paused));
  pause.pause();
  const work = place.employ(() => place.rest(() => Promise.resolve()));
  await turns();
  stop.abort();
  await work;
  await place.rest(() => Promise.reject(new Error('who stops does not rest')));
  expect(told).toEqual([true]);
});

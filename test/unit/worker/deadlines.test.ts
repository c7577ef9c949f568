// One timer for many deadlines: each falls due once, at its time, in the order of time.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Deadlines } from '../../../src/worker/deadlines.js';
import { FakeClock } from '../../support/fake-clock.js';

test('each falls due at its time and not before, however they are added', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 15 }), async (times) => {
      const clock = new FakeClock();
      const deadlines = new Deadlines(clock);
      const fallen: [number, number][] = [];
      for (const dueAt of times) deadlines.add({ dueAt, onDue: () => fallen.push([dueAt, clock.monotonic()]) });
      await clock.advance(100);
      expect(fallen.map(([dueAt]) => dueAt)).toEqual([...times].sort((a, b) => a - b));
      for (const [dueAt, at] of fallen) expect(at).toBe(dueAt);
    }),
    { numRuns: 30 },
  );
});

test('one that is added later and due earlier is not missed', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fallen: string[] = [];
  deadlines.add({ dueAt: 1000, onDue: () => fallen.push('late') });
  await clock.advance(10);
  deadlines.add({ dueAt: 20, onDue: () => fallen.push('early') });
  await clock.advance(10);
  expect(fallen).toEqual(['early']);
  await clock.advance(1000);
  expect(fallen).toEqual(['early', 'late']);
});

test('one that was taken out does not fall due; one may add itself again', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fallen: string[] = [];
  const gone = { dueAt: 5, onDue: () => fallen.push('gone') };
  const again = {
    dueAt: 10,
    onDue: () => {
      fallen.push('again');
      again.dueAt += 10;
      if (fallen.length < 3) deadlines.add(again);
    },
  };
  deadlines.add(gone);
  deadlines.add(again);
  deadlines.delete(gone);
  await clock.advance(100);
  expect(fallen).toEqual(['again', 'again', 'again']);
});

test('after close nothing falls due any more', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fallen: string[] = [];
  deadlines.add({ dueAt: 5, onDue: () => fallen.push('x') });
  deadlines.close();
  deadlines.add({ dueAt: 6, onDue: () => fallen.push('y') });
  await clock.advance(10);
  expect(fallen).toEqual([]);
});

// Who is inside together: many ordinary ones, or one alone.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { AloneGate } from '../../../src/worker/alone-gate.js';
import { turns } from '../../support/turns.js';

test('ordinary ones enter at once, together', () => {
  const gate = new AloneGate();
  expect([gate.enter(false), gate.enter(false)]).toEqual([true, true]);
  expect(gate.wantsQuiet).toBe(false);
});

test('one that wants to be alone waits for those inside, and those behind it wait for it', async () => {
  const gate = new AloneGate();
  const log: string[] = [];
  void gate.enter(false);
  const alone = Promise.resolve(gate.enter(true)).then(() => log.push('alone'));
  const next = Promise.resolve(gate.enter(false)).then(() => log.push('next'));
  expect(gate.wantsQuiet).toBe(true);
  gate.leave();
  await alone;
  await turns(1);
  expect(log).toEqual(['alone']);
  gate.leave();
  await next;
  expect(gate.wantsQuiet).toBe(false);
});

test('closing turns away who waits and who comes, and leaves those inside', async () => {
  const gate = new AloneGate();
  void gate.enter(false);
  const waiting = gate.enter(true);
  gate.close();
  expect(await waiting).toBe(false);
  expect(gate.enter(false)).toBe(false);
  gate.leave();
  expect(gate.wantsQuiet).toBe(false);
});

test('whatever comes and goes, nobody is beside one that is alone, and everybody gets in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), fc.infiniteStream(fc.nat(29)), async (arrivals, choices) => {
      const gate = new AloneGate();
      const inside: boolean[] = [];
      let entered = 0;
      for (const alone of arrivals) {
        void Promise.resolve(gate.enter(alone)).then(() => {
          inside.push(alone);
          entered += 1;
          expect(inside.length === 1 || !inside.includes(true)).toBe(true);
        });
      }
      for (let guard = 0; entered < arrivals.length || inside.length > 0; guard += 1) {
        await turns(1);
        if (guard > 200) throw new Error('somebody never got in');
        if (inside.length === 0) continue;
        inside.splice((choices.next().value ?? 0) % inside.length, 1);
        gate.leave();
      }
    }),
    { numRuns: 100 },
  );
});

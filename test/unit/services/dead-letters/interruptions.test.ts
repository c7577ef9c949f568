// An operation that is cut off at any call of any port, and resumed: every letter ends once, nothing is lost, the
// equation holds. The process itself lives on here, so that every stop can be tried; test/crash kills real ones.

import { describe, expect, test } from 'vitest';

import type { Operation } from '../../../../src/domain/dead-letters/operation.js';
import type { Job } from '../../../../src/domain/job.js';
import type { OperationPorts } from '../../../../src/services/dead-letters/operation-ports.js';
import { applyOperation, type OperationOutcome } from '../../../../src/services/dead-letters/apply-operation.js';
import { planOperation } from '../../../../src/services/dead-letters/plan-operation.js';
import { planRestore } from '../../../../src/services/dead-letters/plan-restore.js';
import { byLength } from '../../../crash/run-length.js';
import { QUEUE, World } from './world.js';

class Cut extends Error {}

/** Throws at one call of the ports, before it or after it, and at every call from then on: the process is as good as gone. */
class Interruption {
  calls = 0;
  readonly names: string[] = [];
  #isCut = false;

  constructor(
    private readonly at: number | null,
    private readonly when: 'before' | 'after',
  ) {}

  around(ports: OperationPorts): OperationPorts {
    const { store, queue, deadLetters, journal, trash } = ports;
    return {
      ...ports,
      store: this.#port('store', store),
      queue: this.#port('queue', queue),
      deadLetters: this.#port('deadLetters', deadLetters),
      journal: this.#port('journal', journal),
      trash: this.#port('trash', trash),
    };
  }

  #port<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#call(`${name}.${String(key)}`, () => (member as (...all: unknown[]) => unknown).apply(target, args));
      },
    });
  }

  #call(name: string, method: () => unknown): unknown {
    // Closing and releasing is what a killed process does not do, but what this test needs.
    if (/\.(release|close|return)$/.test(name)) return method();
    if (this.#isCut) return this.#cut(name);
    this.calls += 1;
    this.names.push(name);
    const isStop = this.calls === this.at;
    if (isStop && this.when === 'before') return this.#cut(name);
    const answer = method();
    if (answer instanceof Promise) return answer.then((value: unknown) => (isStop ? this.#cut(name) : this.#named(name, value)));
    return isStop ? this.#cut(name) : this.#named(name, answer);
  }

  #cut(name: string): Promise<never> {
    this.#isCut = true;
    // These two give an iterable, not a promise of one.
    if (name === 'deadLetters.take' || name === 'trash.read') throw new Cut(name);
    return Promise.reject(new Cut(name));
  }

  #named(name: string, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (name === 'journal.begin' || name === 'journal.acquire') return this.#port('lease', value);
    if (name === 'trash.open') return this.#port('trashWriter', value);
    return name === 'deadLetters.take' ? this.#letters(value as AsyncIterable<object>) : value;
  }

  async *#letters(letters: AsyncIterable<object>): AsyncGenerator<object> {
    for await (const letter of letters) yield this.#port('letter', letter);
  }
}

interface Scene {
  readonly world: World;
  readonly jobs: readonly Job[];
}

async function scene(): Promise<Scene> {
  const world = await World.open();
  const jobs = [await world.deadJob({ payload: { n: 1 } }), await world.deadJob({ payload: { n: 2 } })];
  await world.deadMessage({ messageId: 'free' });
  return { world, jobs };
}

/** Plans and applies under an interruption. Undefined when it was cut off. */
async function attempt(world: World, action: 'replay' | 'purge', interruption: Interruption): Promise<OperationOutcome | undefined> {
  const ports = interruption.around(world.ports);
  try {
    const { lease } = await planOperation(ports, world.request(action));
    return await world.apply(lease, {}, ports);
  } catch (error) {
    if (error instanceof Cut) return undefined;
    throw error;
  }
}

async function planned(world: World): Promise<Operation | undefined> {
  return (await world.ports.journal.list({ limit: 1 })).operations[0]?.operation;
}

/** The locks of a killed process end. */
function outlast(world: World): void {
  world.clock.advance(61_000);
}

async function countStops(action: 'replay' | 'purge'): Promise<number> {
  const interruption = new Interruption(null, 'before');
  const { world } = await scene();
  expect((await attempt(world, action, interruption))?.operation.state).toBe('finished');
  return interruption.calls;
}

/** All of them in the long form; in the short one every fifth, others before than after. */
function chosen(stops: number, when: 'before' | 'after'): readonly number[] {
  const step = byLength(5, 1);
  const first = when === 'before' ? 1 : byLength(3, 1);
  return Array.from({ length: stops }, (_, index) => index + 1).filter((at) => (at - first) % step === 0);
}

const TIMEOUT_MS = byLength(20_000, 180_000);

describe.each(['before', 'after'] as const)('cut off %s any call', { timeout: TIMEOUT_MS }, (when) => {
  test('a replay is finished by resuming: every job is queued once, every letter is gone', async () => {
    const stops = await countStops('replay');
    expect(stops).toBeGreaterThan(25);
    for (const at of chosen(stops, when)) {
      const { world, jobs } = await scene();
      const interruption = new Interruption(at, when);
      await attempt(world, 'replay', interruption);
      const stop = `${when} call ${at}, ${interruption.names[at - 1] ?? ''}`;
      outlast(world);
      const operation = await planned(world);
      if (operation === undefined) {
        expect(await world.letters(), stop).toHaveLength(3);
        continue;
      }
      const outcome = await world.resume(operation);
      expect(outcome.operation, stop).toMatchObject({ state: 'finished', unexplained: 0, matched: 3 });
      // Also what was done and not written down any more is counted as done.
      expect(outcome.counts, stop).toMatchObject({ done: 3, skippedReasons: {} });
      expect(await world.letters(), stop).toEqual([]);
      for (const job of jobs) expect(await world.job(job.jobId), stop).toMatchObject({ status: 'Queued', sequence: 2, replayCount: 1 });
      const messages = (await world.receiveAll()).map(({ message }) => message.messageId);
      const copies = messages.filter((messageId) => messageId.startsWith(operation.id));
      expect(messages.length - copies.length, stop).toBe(2);
      // The one copy that may have been sent before the cut says so.
      expect(copies.length, stop).toBeLessThanOrEqual(1 + outcome.counts.maybeTwice);
      expect(copies.length, stop).toBeGreaterThanOrEqual(1);
      expect(new Set(copies).size, stop).toBe(1);
    }
  });

  test('a purge is finished by resuming, and everything it took can be brought back', async () => {
    const stops = await countStops('purge');
    for (const at of chosen(stops, when)) {
      const { world, jobs } = await scene();
      const before = await world.letters();
      const interruption = new Interruption(at, when);
      await attempt(world, 'purge', interruption);
      const stop = `${when} call ${at}, ${interruption.names[at - 1] ?? ''}`;
      outlast(world);
      const operation = await planned(world);
      if (operation === undefined) {
        expect(await world.letters(), stop).toHaveLength(3);
        continue;
      }
      const outcome = await world.resume(operation);
      expect(outcome.operation, stop).toMatchObject({ state: 'finished', unexplained: 0, matched: 3 });
      expect(outcome.counts, stop).toMatchObject({ done: 3, skipped: 0, failed: 0 });
      expect(await world.letters(), stop).toEqual([]);
      for (const job of jobs) expect((await world.job(job.jobId)).status, stop).toBe('DeadLettered');

      const plan = await planRestore(world.ports, { operation: operation.id, by: 'operator', reasonText: null });
      const restored = await world.apply(plan.lease);
      await plan.purgeLease.release();
      expect(restored.counts, stop).toMatchObject({ matched: 3, done: 3, failed: 0 });
      expect(restored.operation.unexplained, stop).toBe(0);
      expect(await world.letters(), stop).toEqual(before);
    }
  });

  test('a purge that was cut off can be taken back without finishing it', async () => {
    const stops = await countStops('purge');
    for (const at of chosen(stops, when)) {
      const { world } = await scene();
      const before = await world.letters();
      await attempt(world, 'purge', new Interruption(at, when));
      outlast(world);
      const operation = await planned(world);
      if (operation === undefined || operation.state === 'planned') continue;
      const left = new Set((await world.letters()).map(({ sequenceNumber }) => sequenceNumber));
      const taken = (await world.ports.trash.list()).length > 0;
      if (!taken) {
        expect(left.size).toBe(3);
        continue;
      }
      const plan = await planRestore(world.ports, { operation: operation.id, by: 'operator', reasonText: null });
      await world.apply(plan.lease);
      await plan.purgeLease.release();
      expect(await world.letters()).toEqual(before);
    }
  });

  test('a restore is finished by asking for it again, and brings nothing back twice', async () => {
    const interruption = new Interruption(null, when);
    const counted = await purged();
    await restore(counted.world, counted.operation, interruption);
    for (const at of chosen(interruption.calls, when)) {
      const { world, operation, before } = await purged();
      const cut = new Interruption(at, when);
      await restore(world, operation, cut).catch((error: unknown) => {
        if (!(error instanceof Cut)) throw error;
      });
      const stop = `${when} call ${at}, ${cut.names[at - 1] ?? ''}`;
      outlast(world);
      await restore(world, operation, new Interruption(null, when));
      expect(await world.letters(), stop).toEqual(before);
      const again = await restore(world, operation, new Interruption(null, when));
      expect(again.counts.done === 0 || again.operation.state === 'finished', stop).toBe(true);
      expect(await world.letters(), stop).toEqual(before);
    }
  });
});

test('a copy that may have been sent by a run before is told also when the run after it is cut off too', async () => {
  const oneMessage = async (): Promise<World> => {
    const world = await World.open();
    await world.deadMessage({ messageId: 'free' });
    return world;
  };
  const whole = new Interruption(null, 'after');
  await attempt(await oneMessage(), 'replay', whole);
  const sent = whole.names.indexOf('queue.send') + 1;
  expect(sent).toBeGreaterThan(0);
  for (let at = 1; at <= whole.calls; at += 1) {
    const world = await oneMessage();
    await attempt(world, 'replay', new Interruption(sent, 'after'));
    outlast(world);
    const operation = await planned(world);
    if (operation === undefined) throw new Error('no plan');
    await resumeUnder(world, operation, new Interruption(at, 'after'));
    outlast(world);
    const outcome = await world.resume(operation);
    const copies = (await world.receiveAll()).length;
    expect(copies, `call ${at}`).toBeGreaterThanOrEqual(2);
    expect(outcome.counts, `call ${at}`).toMatchObject({ matched: 1, done: 1, maybeTwice: 1 });
  }
});

/** Resumes until it is cut off, or to the end. */
async function resumeUnder(world: World, operation: Operation, interruption: Interruption): Promise<void> {
  const ports = interruption.around(world.ports);
  try {
    await world.apply(await ports.journal.acquire(operation.id), {}, ports);
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
  }
}

async function purged(): Promise<{ world: World; operation: Operation; before: Awaited<ReturnType<World['letters']>> }> {
  const { world } = await scene();
  const before = await world.letters(QUEUE);
  const { operation } = await world.run(world.request('purge'));
  expect(await world.letters()).toEqual([]);
  return { world, operation, before };
}

async function restore(world: World, purge: Operation, interruption: Interruption): Promise<OperationOutcome> {
  const ports = interruption.around(world.ports);
  const plan = await planRestore(ports, { operation: purge.id, by: 'operator', reasonText: null });
  try {
    return await applyOperation(ports, plan.lease);
  } finally {
    await plan.lease.release();
    await plan.purgeLease.release();
  }
}

// Cosmos DB only: throttling, answers that were lost, races, and what it costs.

import { describe, expect, onTestFinished, test } from 'vitest';

import { cancel, scheduleRetry, submit, succeed } from '../../src/domain/lifecycle.js';
import { openCosmos } from '../../src/drivers/cosmos/open-cosmos.js';
import { CREATOR_HOLD_MS, SENT_NOTED_WITHIN_MS } from '../../src/ports/outbox.js';
import type { CosmosDoubleOptions, CosmosFault, CosmosRequest } from '../support/cosmos-double/cosmos-double.js';
import { insertJob, runningJob, startOf, TestClock, testJob } from './contract-backend.js';
import { type CosmosContractBackend, makeCosmosBackend } from './cosmos-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };

/** A backend whose requests meet what `choose` says, once it is switched on. */
async function faulty(choose: (request: CosmosRequest) => CosmosFault, options: Partial<CosmosDoubleOptions> = {}): Promise<CosmosContractBackend & { start(): void; stop(): void }> {
  let isOn = false;
  const backend = await makeCosmosBackend({ ...options, fault: (request) => (isOn ? choose(request) : undefined) });
  return { ...backend, start: () => (isOn = true), stop: () => (isOn = false) };
}

/** Each of the first `times` requests of this kind meets the fault. */
function first(times: number, kind: CosmosRequest['kind'], fault: CosmosFault): (request: CosmosRequest) => CosmosFault {
  let left = times;
  return (request) => (request.kind === kind && left-- > 0 ? fault : undefined);
}

describe('an answer that was lost', () => {
  test('of an insert: the job is stored once and reported as stored', async () => {
    const backend = await faulty(first(1, 'batch', 'drop-after'));
    backend.start();
    const entry = submit(testJob(backend));
    expect(await backend.ports.store.insert([entry])).toEqual([{ kind: 'inserted', job: { ...entry.job, version: 1 } }]);
    expect((await backend.ports.events.read({ jobId: entry.job.jobId, limit: 10 })).events).toHaveLength(1);
  });

  test('of a save: the change is stored once and is no conflict', async () => {
    const backend = await faulty(first(1, 'batch', 'drop-after'));
    const job = await insertJob(backend);
    backend.start();
    const saved = await backend.ports.store.save(startOf(job, backend.clock.now()));
    expect(saved).toMatchObject({ status: 'Running', version: 2 });
    expect((await backend.ports.events.read({ jobId: job.jobId, limit: 10 })).events).toHaveLength(2);
  });

  test('of a save that lost the race meanwhile is a conflict all the same', async () => {
    const backend = await makeCosmosBackend();
    const other = await backend.another();
    const job = await insertJob(backend);
    await other.store.save(startOf(job, 5, { worker: 'quicker' }));
    await expect(backend.ports.store.save(startOf(job, 6))).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });

  test('of a save, of which half came: the change is stored once and is no conflict', async () => {
    const backend = await faulty(first(1, 'batch', 'cut'));
    const job = await insertJob(backend);
    backend.start();
    expect(await backend.ports.store.save(startOf(job, backend.clock.now()))).toMatchObject({ status: 'Running', version: 2 });
  });

  test('of a deletion of a key: a record that another job has by then stays', async () => {
    const backend = await faulty(({ kind, verb, partition }) => {
      if (kind !== 'document' || verb !== 'DELETE' || partition?.startsWith('key:') !== true) return undefined;
      // Somebody was quicker, and somebody else has submitted under the key since.
      backend.double.documents('jobs').upsert(partition, { id: 'key', pk: partition, kind: 'key', jobId: 'another', requestHash: 'x' }, undefined);
      return undefined;
    });
    const keyed = { ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash: 'h' } };
    await backend.ports.store.insert([keyed]);
    const job = await backend.ports.store.get(keyed.job.jobId);
    if (job === undefined) throw new Error('no job');
    await backend.ports.store.save(cancel(job, 5, 'me'));
    backend.start();
    expect(await backend.ports.store.prune({ before: backend.clock.now() + 1_000, limit: 10 })).toHaveLength(1);
    backend.stop();
    expect(await backend.ports.store.insert([{ ...keyed, job: { ...keyed.job, jobId: testJob(backend).jobId } }])).toEqual([{ kind: 'conflict', jobId: 'another' }]);
  });

  test('of the key of an idempotent submit: the same request leads to one job', async () => {
    const backend = await faulty(first(1, 'document', 'drop-after'));
    backend.start();
    const keyed = { ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash: 'h' } };
    const [outcome] = await backend.ports.store.insert([keyed]);
    expect(outcome?.kind).toBe('inserted');
    expect((await backend.ports.store.list({ filter: {}, limit: 10 })).jobs).toHaveLength(1);
  });
});

test('a key whose record is deleted between the refusal and the look at it is taken again, with its record', async () => {
  const backend = await faulty(({ kind, verb, partition }) => {
    if (kind === 'document' && verb === 'GET' && partition?.startsWith('key:') === true && backend.double.documents('jobs').find(partition, 'key') !== undefined) backend.double.documents('jobs').delete(partition, 'key', undefined);
    return undefined;
  });
  const keyed = (requestHash: string) => ({ ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash } });
  await backend.ports.store.insert([keyed('old')]);
  backend.start();
  const mine = keyed('h');
  expect(await backend.ports.store.insert([mine])).toMatchObject([{ kind: 'inserted', job: { jobId: mine.job.jobId } }]);
  backend.stop();
  expect(await backend.ports.store.insert([keyed('h')])).toMatchObject([{ kind: 'duplicate', job: { jobId: mine.job.jobId } }]);
});

test('a process that died between the key and the job: the next submit under the key makes the job with the id of the first', async () => {
  const backend = await faulty(({ kind }) => (kind === 'batch' ? { status: 400 } : undefined));
  const keyed = (requestHash: string) => ({ ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash } });
  const died = keyed('h');
  backend.start();
  await expect(backend.ports.store.insert([died])).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  backend.stop();
  const calm = await backend.open();
  expect(await calm.store.insert([keyed('h')])).toMatchObject([{ kind: 'inserted', job: { jobId: died.job.jobId } }]);
  expect(await calm.store.get(died.job.jobId)).toMatchObject({ status: 'Queued', idempotencyKey: 'k' });
});

describe('refusals that pass', () => {
  test.each([408, 449, 503])('status %i is tried again', async (status) => {
    const backend = await faulty(first(2, 'batch', { status }));
    backend.start();
    expect(await insertJob(backend)).toMatchObject({ version: 1 });
  });

  test('a replica that has not heard of the session yet is asked again, and takes no job for one that is not there', async () => {
    let asked = 0;
    const backend = await faulty(({ kind, verb }) => ((kind === 'document' && verb === 'GET') || kind === 'query') && (asked += 1) % 4 !== 0 ? { status: 404, substatus: 1002 } : undefined);
    const { jobId } = await insertJob(backend);
    backend.start();
    for (let look = 0; look < 10; look += 1) expect(await backend.ports.store.get(jobId)).toMatchObject({ jobId });
    expect((await backend.ports.events.read({ jobId, limit: 5 })).events).toHaveLength(1);
  });

  test('throttling is waited out', async () => {
    const backend = await faulty(first(3, 'batch', { status: 429, retryAfterMs: 2 }));
    backend.start();
    expect(await insertJob(backend)).toMatchObject({ version: 1 });
  });

  test('throttling without an end has a code of its own', async () => {
    const backend = await faulty(({ kind }) => (kind === 'document' ? { status: 429, retryAfterMs: 1 } : undefined));
    backend.start();
    await expect(backend.ports.store.get(testJob(backend).jobId)).rejects.toMatchObject({ code: 'COSMOS_THROTTLED' });
  });
});

describe('a query over several physical partitions', () => {
  /** Each third of its requests fails, beginning with the first to one of them. */
  const often = (fault: CosmosFault): ((request: CosmosRequest) => CosmosFault) => {
    let asked = 0;
    return ({ kind }) => (kind === 'query' && (asked += 1) % 9 === 4 ? fault : undefined);
  };

  test.each<[string, CosmosFault]>([['503', { status: 503 }], ['408', { status: 408 }], ['449', { status: 449 }], ['no answer', 'drop']])('that meets %s on the way leaves nothing out', async (_, fault) => {
    const backend = await faulty(often(fault), { ranges: 3 });
    const jobs = await Promise.all(Array.from({ length: 30 }, () => insertJob(backend)));
    backend.start();
    const { store, counters } = backend.ports;
    for (let round = 0; round < 4; round += 1) {
      const page = await store.list({ filter: {}, limit: 100 });
      expect(page.jobs.map(({ jobId }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId).sort().reverse());
      expect((await counters.totals()).reduce((sum, { count }) => sum + count, 0)).toBe(30);
    }
  });
});

test('many workers that start, report progress and end the same jobs leave each with one outcome and a history in order', async () => {
  let drawn = 7;
  const random = (): number => (drawn = (drawn * 48271) % 2147483647) / 2147483647;
  const backend = await faulty(({ verb }) => {
    if (verb === 'GET') return undefined;
    const chance = random();
    return chance < 0.03 ? 'drop-after' : chance < 0.06 ? 'drop' : chance < 0.09 ? { status: 449 } : undefined;
  });
  const jobs = await Promise.all(Array.from({ length: 30 }, () => insertJob(backend)));
  const openings = [backend.ports, await backend.another(), await backend.another()];
  backend.start();
  const work = async (index: number): Promise<void> => {
    const { store } = openings[index] ?? backend.ports;
    for (const { jobId } of jobs) {
      try {
        const job = await store.get(jobId);
        if (job?.status !== 'Queued') continue;
        const running = await store.save(startOf(job, 10, { worker: `w${index}` }));
        await store.saveProgress(running, { completed: 1, total: 2, message: null });
        const newest = await store.get(jobId);
        if (newest?.runEpoch === running.runEpoch) await store.save(succeed(newest, 20, NO_RESULT));
      } catch (error) {
        expect(error).toMatchObject({ code: 'JOB_CONFLICT' });
      }
    }
  };
  await Promise.all([0, 1, 2].map(work));
  for (const { jobId } of jobs) {
    const { events } = await backend.ports.events.read({ jobId, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['submitted', 'started', 'succeeded']);
    expect(await backend.ports.store.get(jobId)).toMatchObject({ status: 'Succeeded', runEpoch: 1 });
  }
});

/** Writes that `act` caused. */
async function writesOf(backend: CosmosContractBackend, act: () => Promise<unknown>): Promise<number> {
  const writes = (): number => [...backend.double.requests].filter(([name]) => /^batch|PATCH|document POST/.test(name)).reduce((sum, [, count]) => sum + count, 0);
  const before = writes();
  await act();
  return writes() - before;
}

/** Sends all that this opening's own saves left, as its relay does. */
async function sendOwn({ outbox }: Pick<CosmosContractBackend['ports'], 'outbox'>): Promise<number> {
  const claimed = await outbox.claim({ leaseMs: 5_000, limit: 100 });
  await outbox.sent(claimed);
  return claimed.length;
}

describe('what the life of a job costs', () => {
  test('three writes where it starts soon: saved, started, ended; two more with each retry', async () => {
    const backend = await makeCosmosBackend();
    const { store, outbox } = backend.ports;
    const writes = await writesOf(backend, async () => {
      const job = await insertJob(backend);
      expect(await sendOwn(backend.ports)).toBe(1);
      const running = await store.save(startOf((await store.get(job.jobId)) ?? job, 1));
      await store.save(scheduleRetry(running, 2, { retryAt: 2, error: { code: 'X', message: 'no', retryable: true, at: 2 } }));
      backend.clock.advance(1_000);
      expect(await sendOwn(backend.ports)).toBe(1);
      const again = await store.save(startOf((await store.get(job.jobId)) ?? job, 3));
      await store.save(succeed(again, 4, NO_RESULT));
      backend.clock.advance(SENT_NOTED_WITHIN_MS);
      expect(await outbox.claim({ leaseMs: 5_000, limit: 100 })).toEqual([]);
    });
    expect(writes).toBe(5);
  });

  test('one more where it waits: that it was sent, once, however long it waits', async () => {
    const backend = await makeCosmosBackend();
    const other = await backend.open();
    const { outbox } = backend.ports;
    const writes = await writesOf(backend, async () => {
      await insertJob(backend);
      expect(await sendOwn(backend.ports)).toBe(1);
      for (let second = 0; second < 60; second += 1) {
        backend.clock.advance(1_000);
        expect([await outbox.claim({ leaseMs: 5_000, limit: 1 }), await other.outbox.claim({ leaseMs: 5_000, limit: 1 })]).toEqual([[], []]);
      }
    });
    expect(writes).toBe(2);
  });

  test('one more where the process that sent it ends at once', async () => {
    const backend = await makeCosmosBackend();
    const brief = await backend.open();
    const writes = await writesOf(backend, async () => {
      await brief.store.insert([submit(testJob(backend))]);
      expect(await sendOwn(brief)).toBe(1);
      await brief.close();
    });
    expect(writes).toBe(2);
    backend.clock.advance(CREATOR_HOLD_MS);
    expect(await backend.ports.outbox.claim({ leaseMs: 5_000, limit: 1 })).toEqual([]);
  });
});

test('what a process sent in the seconds before it was killed is sent once more, and not again after that', async () => {
  const backend = await makeCosmosBackend();
  // Its time stands still, so that it does nothing more.
  const killed = await openCosmos({ endpoint: backend.double.endpoint, access: { key: backend.key }, database: 'copiloteval', container: 'jobs', clock: new TestClock(), random: Math.random, retentionDays: 90, owner: 'killed' });
  onTestFinished(() => killed.close());
  await killed.store.insert([submit(testJob(backend)), submit(testJob(backend))]);
  expect(await sendOwn(killed)).toBe(2);
  const [started] = (await killed.store.list({ filter: {}, limit: 1 })).jobs;
  if (started === undefined) throw new Error('no job');
  await backend.ports.store.save(startOf(started, 1));
  backend.clock.advance(CREATOR_HOLD_MS);
  expect(await sendOwn(backend.ports)).toBe(1);
  backend.clock.advance(10 * CREATOR_HOLD_MS);
  expect(await sendOwn(backend.ports)).toBe(0);
});

test('notes that the store refused are written later, and the process goes on', async () => {
  const backend = await faulty(({ verb }) => (verb === 'PATCH' ? { status: 403 } : undefined));
  const { jobId } = await insertJob(backend);
  const { outbox } = backend.ports;
  expect(await sendOwn(backend.ports)).toBe(1);
  backend.clock.advance(SENT_NOTED_WITHIN_MS);
  backend.start();
  await expect(outbox.claim({ leaseMs: 5_000, limit: 1 })).rejects.toMatchObject({ code: 'COSMOS_UNAUTHORIZED' });
  backend.stop();
  expect(await outbox.claim({ leaseMs: 5_000, limit: 1 })).toEqual([]);
  expect(await (await backend.another()).store.get(jobId)).toMatchObject({ queueMode: 'service_bus' });
});

test('a worker that looks after every change does not search the outbox each time, and misses nothing for longer than that', async () => {
  const backend = await makeCosmosBackend();
  const dead = await backend.open();
  await dead.store.insert([submit(testJob(backend))]);
  const calm = await openCosmos({ endpoint: backend.double.endpoint, access: { key: backend.key }, database: 'copiloteval', container: 'jobs', clock: backend.clock, random: Math.random, retentionDays: 90, owner: 'calm', searchEveryMs: 1_000 });
  onTestFinished(() => calm.close());
  const queries = (): number => backend.double.requests.get('query POST') ?? 0;
  expect(await calm.outbox.claim({ leaseMs: 5_000, limit: 5 })).toEqual([]);
  const before = queries();
  for (let look = 0; look < 5; look += 1) expect(await calm.outbox.claim({ leaseMs: 5_000, limit: 5 })).toEqual([]);
  expect(queries()).toBe(before);
  // Its own are found without a search.
  await calm.store.insert([submit(testJob(backend))]);
  expect(await calm.outbox.claim({ leaseMs: 5_000, limit: 5 })).toHaveLength(1);
  backend.clock.advance(CREATOR_HOLD_MS + 1_000);
  expect(await calm.outbox.claim({ leaseMs: 5_000, limit: 5 })).toHaveLength(2);
});

describe('the pauses of queues', () => {
  const queries = ({ double }: CosmosContractBackend): number => double.requests.get('query POST') ?? 0;

  test('are asked for once a second, however many receivers look, and not again while they wait for the answer', async () => {
    const backend = await makeCosmosBackend();
    const { pauses } = await backend.open();
    await pauses.list();
    backend.clock.advance(1_000);
    const before = queries(backend);
    await Promise.all([pauses.list(), pauses.list(), pauses.list()]);
    const once = queries(backend) - before;
    for (let look = 0; look < 50; look += 1) await pauses.list();
    expect(queries(backend) - before).toBe(once);
    backend.clock.advance(1_000);
    await pauses.list();
    expect(queries(backend) - before).toBe(2 * once);
  });

  test('of another process are seen within a second, and those of its own at once', async () => {
    const backend = await makeCosmosBackend();
    const [mine, other] = [(await backend.open()).pauses, (await backend.open()).pauses];
    expect([await mine.list(), await other.list()]).toEqual([new Map(), new Map()]);
    await mine.pause('q', 'me');
    expect((await mine.list()).get('q')).toEqual({ at: backend.clock.now(), by: 'me' });
    backend.clock.advance(1_000);
    expect([...(await other.list()).keys()]).toEqual(['q']);
    await mine.resume('q');
    expect(await mine.list()).toEqual(new Map());
    backend.clock.advance(1_000);
    expect(await other.list()).toEqual(new Map());
  });

  test('that were asked for before a change of its own and answered after it are not kept', async () => {
    const backend = await makeCosmosBackend();
    const { pauses } = await backend.open();
    const early = pauses.list();
    await pauses.pause('q', 'me');
    await early;
    expect([...(await pauses.list()).keys()]).toEqual(['q']);
  });

  test('are asked for again after a failure', async () => {
    const backend = await faulty(({ kind }) => (kind === 'query' ? { status: 403 } : undefined));
    const { pauses } = await backend.open();
    backend.start();
    await expect(pauses.list()).rejects.toMatchObject({ code: 'COSMOS_UNAUTHORIZED' });
    backend.stop();
    expect(await pauses.list()).toEqual(new Map());
  });
});

test('a checkpoint of an attempt that is over is refused also when it is the second hundred', async () => {
  const backend = await makeCosmosBackend();
  const running = await runningJob(backend);
  const entries = Array.from({ length: 250 }, (_, index) => ({ key: `k${String(index).padStart(3, '0')}`, value: index }));
  await backend.ports.checkpoints.put(running, entries);
  expect(await backend.ports.checkpoints.list({ jobId: running.jobId, prefix: 'k', limit: 1_000 })).toHaveLength(250);
  await backend.ports.store.save(succeed(running, 5, NO_RESULT));
  await expect(backend.ports.checkpoints.put(running, entries)).rejects.toMatchObject({ code: 'JOB_LOST' });
});

test('who waits for changes is not woken for hours after a busy time', async () => {
  const backend = await makeCosmosBackend();
  const { events } = await backend.open();
  await events.changed({ waitMs: 1 });
  await Promise.all(Array.from({ length: 30 }, () => insertJob(backend)));
  const begun = performance.now();
  // What there was to hear of is heard once or twice; then the whole time passes.
  let woken = 0;
  while (performance.now() - begun < 6_000) {
    const from = performance.now();
    await events.changed({ waitMs: 2_500 });
    if (performance.now() - from < 2_400) woken += 1;
  }
  expect(woken).toBeLessThanOrEqual(3);
});

// The Cosmos DB store on its local counterpart, a process of its own: requests per job's life, the store beside a bare loop
// of the same calls, and a worker whose every request takes 20 ms. Request units are the counterpart's tariff, not Azure's.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { CosmosClient, type Container, type OperationInput } from '@azure/cosmos';

import { createJob } from '../../src/domain/create-job.js';
import { createJobIds } from '../../src/services/job-ids.js';
import type { Job } from '../../src/domain/job.js';
import { start, submit, succeed } from '../../src/domain/lifecycle.js';
import { type CosmosBackend, openCosmos } from '../../src/drivers/cosmos/open-cosmos.js';
import { openSqliteBackend, type SqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Backend } from '../../src/ports/backend.js';
import { systemClock } from '../../src/ports/clock.js';
import { openWorker } from '../../src/worker/open-worker.js';
import { type CosmosProcess, openCosmosProcess } from '../../test/support/cosmos-process.js';
import { withTempDir } from '../processes.js';
import { median, report } from '../report.js';

const SLOTS = 16;
const LATENCY_MS = 20;
const ROUNDS = 9;
const TTL_MS = 24 * 60 * 60_000;
const QUEUE = 'evaluation-jobs';
const clock = systemClock;

/** `jobs`: through the whole case, once with and once without latency. */
export async function benchCosmos(jobs: number): Promise<void> {
  await measureCalls(jobs);
  await measureLatency(jobs);
}

async function measureCalls(jobs: number): Promise<void> {
  const double = await openCosmosProcess();
  const store = await open(double);
  const ids = createJobIds(clock);
  try {
    const bare = bareContainer(double);
    await inSlots(Math.min(jobs, 200), () => life(store, ids()));
    await inSlots(Math.min(jobs, 200), () => bareLife(bare));
    const before = await double.figures();
    await inSlots(jobs, () => life(store, ids()));
    const after = await double.figures();
    const sum = (names: RegExp): number => Object.entries(after.requests).filter(([name]) => names.test(name)).reduce((total, [name, count]) => total + count - (before.requests[name] ?? 0), 0) / jobs;
    // In turns: the counterpart gets slower with what it holds.
    const [rates, references]: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      rates?.push(await rateOf(Math.ceil(jobs / ROUNDS), () => life(store, ids())));
      references?.push(await rateOf(Math.ceil(jobs / ROUNDS), () => bareLife(bare)));
    }
    report({ what: "cosmos: writes of a job's life", value: sum(/^batch|PATCH|document POST/), unit: 'requests', goal: { atMost: 3 }, note: `${sum(/./)} requests, ${((after.units - before.units) / jobs).toFixed(1)} RU by the double's tariff` });
    report({ what: 'cosmos: lives of jobs', value: median(rates ?? []), unit: 'jobs/s', reference: { what: 'a bare loop of the same calls', value: median(references ?? []) }, goal: { atLeast: 0.6 } });
  } finally {
    await store.close();
    await double.stop();
  }
}

/** Saved, sent, read, started, ended: what submit, relay and worker of processes that go on ask of the store. */
async function life(store: CosmosBackend, jobId: Job['jobId']): Promise<void> {
  const [inserted] = await store.store.insert([submit(newJob(jobId))]);
  const claimed = await store.outbox.claim({ leaseMs: 10_000, limit: 1, jobIds: [jobId] });
  await store.outbox.sent(claimed);
  const job = await store.store.get(jobId);
  if (inserted === undefined || job === undefined) throw new Error('the job is not there');
  const running = await store.store.save(start(job, clock.now(), { worker: 'bench', delivery: { queue: QUEUE, brokerSequence: '1', lockedUntil: clock.now() + 60_000, queueMode: 'service_bus' }, afterLostLock: false }));
  await store.store.save(succeed(running, clock.now(), { result: null, resultRef: null, artifacts: [] }));
}

function newJob(jobId: Job['jobId']): Job {
  const now = clock.now();
  return createJob({ jobId, type: 'echo', userId: 'bench', queue: QUEUE, priority: 'normal', origin: 'submit', createdAt: now, dueAt: now, ttlMs: TTL_MS, maxAttempts: 3, payload: { text: 'x'.repeat(300) } });
}

function bareContainer({ endpoint, key }: CosmosProcess): Container {
  const client = new CosmosClient({ endpoint, key, consistencyLevel: 'Session', connectionPolicy: { enableEndpointDiscovery: false } });
  return client.database('copiloteval').container('jobs');
}

/** The same requests with documents of the same size, one after another. */
async function bareLife(container: Container): Promise<void> {
  const job = bareJob(container);
  await job.create();
  await job.read();
  await job.read();
  await job.change(1);
  await job.change(2);
}

interface BareJob {
  create(): Promise<unknown>;
  read(): Promise<unknown>;
  change(n: number): Promise<unknown>;
}

function bareJob(container: Container): BareJob {
  const pk = randomUUID();
  const document = { id: 'job', pk, kind: 'bare', text: 'x'.repeat(1_200), n: 0 };
  const event = (n: number): OperationInput => ({ operationType: 'Create', resourceBody: { id: `event:${n}`, pk, kind: 'bare', text: 'x'.repeat(150) } });
  const change = (n: number): OperationInput => ({ operationType: 'Patch', id: 'job', resourceBody: { condition: `from c where c.n = ${n - 1}`, operations: [{ op: 'set', path: '/n', value: n }, { op: 'set', path: '/text', value: document.text }] } });
  return {
    create: () => container.items.batch([{ operationType: 'Create', resourceBody: document }, event(0)], pk),
    read: () => container.item('job', pk).read(),
    change: (n) => container.items.batch([change(n), event(n)], pk),
  };
}

/**
 * The best a worker can do: in each slot a job is read and started, and its end is saved while the slot takes the next one.
 * Bare calls of the SDK, so that the timers and the cores of this machine are in both figures.
 */
async function idealRate(double: CosmosProcess, count: number): Promise<number> {
  const container = bareContainer(double);
  const jobs = Array.from({ length: count }, () => bareJob(container));
  await inSlots(count, createEach(jobs));
  const ends: Promise<unknown>[] = [];
  const left = [...jobs];
  const started = clock.monotonic();
  await inSlots(count, async () => {
    const job = left.pop();
    await job?.read();
    await job?.change(1);
    if (job !== undefined) ends.push(job.change(2));
  });
  await Promise.all(ends);
  return (count * 1000) / (clock.monotonic() - started);
}

function createEach(jobs: readonly BareJob[]): () => Promise<void> {
  let next = 0;
  return async () => void (await jobs[next++]?.create());
}

/** A worker on a queue beside it: each of its jobs is read, started and ended, one after another. */
async function measureLatency(jobs: number): Promise<void> {
  await withTempDir(async (dir) => {
    const double = await openCosmosProcess({ latencyMs: LATENCY_MS });
    const store = await open(double);
    const queues = await openSqliteBackend({ file: join(dir, 'queue.db'), queues: [{ name: QUEUE, lockMs: 60_000, ttlMs: TTL_MS, maxAttempts: 3 }], clock, random: Math.random });
    try {
      await fill(store, queues, jobs);
      const elapsed = await drain(store, queues, jobs);
      const ideal = await idealRate(double, jobs);
      report({
        what: `cosmos: worker with ${SLOTS} slots, ${LATENCY_MS} ms a request`,
        value: (jobs * 1000) / elapsed,
        unit: 'jobs/s',
        reference: { what: `bare calls in ${SLOTS} slots: read, start, and the end beside the next read`, value: ideal },
        goal: { atLeast: 0.9 },
      });
    } finally {
      await queues.close();
      await store.close();
      await double.stop();
    }
  });
}

async function fill(store: CosmosBackend, queues: SqliteBackend, jobs: number): Promise<void> {
  const { relayOutbox } = await import('../../src/services/relay-outbox.js');
  const ids = createJobIds(clock);
  await store.store.insert(Array.from({ length: jobs }, () => submit(newJob(ids()))));
  for (let sent = 0; sent < jobs; ) ({ sent } = { sent: sent + (await relayOutbox({ ...store, queue: queues.queue, clock, random: Math.random, fallback: 'relay' }, { budgetMs: 60_000 })).sent });
}

async function drain(store: CosmosBackend, queues: SqliteBackend, jobs: number): Promise<number> {
  const backend: Backend = { ...store, queue: queues.queue, deadLetters: queues.deadLetters, admin: queues.admin, blobs: NO_BLOBS, clock, random: Math.random };
  const worker = await openWorker(backend, {
    jobTypes: { types: {}, handlers: [], httpAllowHosts: [], allowCommandJobs: false, defaultQueue: QUEUE, cwd: '.', queues: [{ name: QUEUE, lockMs: 60_000, ttlMs: TTL_MS, maxAttempts: 3, handlerTimeoutMs: 60_000 }] },
    version: 'bench',
    concurrency: SLOTS,
    retryBaseMs: 0,
    log: { level: 'silent', pretty: false },
    maxJobs: jobs,
  });
  const started = clock.monotonic();
  await worker.run();
  return clock.monotonic() - started;
}

const NO_BLOBS = new Proxy({} as Backend['blobs'], {
  get: () => () => {
    throw new Error('no files here');
  },
});

async function open({ endpoint, key }: CosmosProcess): Promise<CosmosBackend> {
  return openCosmos({ endpoint, access: { key }, database: 'copiloteval', container: 'jobs', clock, random: Math.random, retentionDays: 90, owner: randomUUID(), searchEveryMs: 1_000 });
}

async function rateOf(count: number, once: () => Promise<void>): Promise<number> {
  const started = clock.monotonic();
  await inSlots(count, once);
  return (count * 1000) / (clock.monotonic() - started);
}

async function inSlots(count: number, once: () => Promise<void>): Promise<void> {
  let left = count;
  const slot = async (): Promise<void> => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: SLOTS }, slot));
}

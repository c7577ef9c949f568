// The promises of JobStore.list: order, pages, filters and the where-expression.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { matchesWhere } from '../../src/domain/where/evaluate.js';
import { jobWhereRecord } from '../../src/domain/where/job-record.js';
import { parseWhere } from '../../src/domain/where/parser.js';
import type { Job } from '../../src/domain/job.js';
import { deadLetter, fail, submit, succeed } from '../../src/domain/lifecycle.js';
import type { JobFilter, JobStore } from '../../src/ports/job-store.js';
import { type ContractBackend, insertJob, type MakeBackend, startOf, testJob } from './contract-backend.js';

/** `runs`: how many random expressions are tried; fewer where each page is a request over the network. */
export function describeJobStoreListContract(name: string, make: MakeBackend, runs = 200): void {
  describe(`JobStore.list on ${name}`, () => {
    describe('order and pages', () => describePages(make));
    describe('filters', () => describeFilters(make));
    describe('where-expressions', () => describeWhere(make, runs));
  });
}

function describePages(make: MakeBackend): void {
  it('lists newest first, by id within one millisecond', async () => {
    const backend = await make();
    const now = backend.clock.now();
    const jobs = await insertMany(backend, [now, now + 1, now, now - 5, now + 1]);
    expect(await idsOf(backend.ports.store, {})).toEqual(newestFirst(jobs).map(({ jobId }) => jobId));
  });

  it('repeats and skips nothing while jobs are added and change between pages', async () => {
    const backend = await make();
    const jobs = await insertMany(backend, Array.from({ length: 57 }, (_, index) => backend.clock.now() + (index % 5)));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<JobStore['list']>> = await backend.ports.store.list({ filter: {}, limit: 10, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.jobs.map(({ jobId }) => jobId));
      cursor = page.nextCursor;
      await insertJob(backend, { createdAt: backend.clock.now() + 100 });
      const changed = jobs[seen.length];
      if (changed !== undefined) await backend.ports.store.save(startOf(changed, backend.clock.now()));
    } while (cursor !== null);
    expect(seen).toEqual(newestFirst(jobs).map(({ jobId }) => jobId));
  });

  it('has no further page behind the last job', async () => {
    const backend = await make();
    await insertMany(backend, [1, 2, 3]);
    const page = await backend.ports.store.list({ filter: {}, limit: 10 });
    expect(page.nextCursor).toBeNull();
    expect(await pagesOf(backend.ports.store, {}, 3)).toHaveLength(3);
  });

  it('refuses a cursor that is none', async () => {
    const { ports } = await make();
    await expect(ports.store.list({ filter: {}, limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('stops when its signal fires', async () => {
    const { ports } = await make();
    await expect(ports.store.list({ filter: {}, limit: 1, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
}

function describeFilters(make: MakeBackend): void {
  it('finds what a plain look at every job finds, page by page', async () => {
    const backend = await make();
    const jobs = await insertVariety(backend);
    const parents = [...new Set(jobs.flatMap(({ parentJobId }) => parentJobId ?? []))];
    await fc.assert(
      fc.asyncProperty(anyFilter(backend, parents), fc.integer({ min: 1, max: 40 }), async (filter, limit) => {
        const expected = newestFirst(jobs.filter((job) => fits(job, filter)));
        expect(await pagesOf(backend.ports.store, filter, limit)).toEqual(expected.map(({ jobId }) => jobId));
      }),
      { numRuns: 150 },
    );
  });

  it('misses no job that changes its status between two of the statuses asked for', async () => {
    const backend = await make();
    const jobs = await insertMany(backend, Array.from({ length: 30 }, () => backend.clock.now()));
    for (const job of jobs) {
      const [ids] = await Promise.all([
        idsOf(backend.ports.store, { statuses: ['Queued', 'Running'] }),
        backend.ports.store.save(startOf(job, backend.clock.now())),
      ]);
      expect(ids).toHaveLength(30);
    }
  });
}

function describeWhere(make: MakeBackend, runs: number): void {
  it('finds what the expression says of each stored job', async () => {
    const backend = await make();
    const jobs = await insertVariety(backend);
    await fc.assert(
      fc.asyncProperty(anyExpression(backend), fc.integer({ min: 1, max: 40 }), async (text, limit) => {
        const where = parseWhere(text);
        const expected = newestFirst(jobs.filter((job) => matchesWhere(where, jobWhereRecord(job, backend.clock.now()))));
        expect(await pagesOf(backend.ports.store, { where }, limit), text).toEqual(expected.map(({ jobId }) => jobId));
      }),
      { numRuns: runs },
    );
  });

  it('holds the expression and the other filters together', async () => {
    const backend = await make();
    const jobs = await insertVariety(backend);
    const where = parseWhere('status=Failed or status=Queued');
    const expected = newestFirst(jobs.filter(({ status, type }) => status === 'Failed' && type === 'echo'));
    expect(await idsOf(backend.ports.store, { where, statuses: ['Failed', 'Running'], types: ['echo'] })).toEqual(expected.map(({ jobId }) => jobId));
  });

  it('tells how many jobs it has looked at', async () => {
    const backend = await make();
    await insertMany(backend, Array.from({ length: 40 }, () => 1));
    const looks: number[] = [];
    const page = await backend.ports.store.list({ filter: { where: parseWhere('payload.text=absent') }, limit: 5, onScanned: (scanned) => looks.push(scanned) });
    expect(page).toEqual({ jobs: [], nextCursor: null });
    expect(looks.at(-1)).toBeGreaterThanOrEqual(40);
  });
}

async function insertMany(backend: ContractBackend, createdAts: readonly number[]): Promise<Job[]> {
  const outcomes = await backend.ports.store.insert(createdAts.map((createdAt) => submit(testJob(backend, { createdAt }))));
  return outcomes.flatMap((outcome) => (outcome.kind === 'inserted' ? [outcome.job] : []));
}

/** Jobs of every status, with the fields that filters and expressions ask for. */
async function insertVariety(backend: ContractBackend): Promise<Job[]> {
  const { store } = backend.ports;
  const now = backend.clock.now();
  const jobs: Job[] = [];
  for (let index = 0; index < 90; index += 1) {
    const job = await insertJob(backend, {
      createdAt: now - (index % 7) * 60_000,
      type: index % 3 === 0 ? 'sleep' : 'echo',
      queue: backend.queues[index % 2 === 0 ? 0 : 1],
      userId: index % 5 === 0 ? 'ann' : 'bob',
      priority: index % 4 === 0 ? 'high' : 'normal',
      labels: index % 6 === 0 ? { team: 'blue', 'a.b"c': 'x' } : index % 6 === 1 ? { team: 'red' } : {},
      payload: index % 8 === 0 ? { n: index, text: 'y'.repeat(2_500) } : { n: index },
      parentJobId: index % 9 === 0 ? `01980000-0000-7000-8000-eeeeeeeeee0${index % 2}` : null,
    });
    jobs.push(await moveOn(store, job, index, now));
  }
  return jobs;
}

async function moveOn(store: JobStore, job: Job, index: number, now: number): Promise<Job> {
  if (index % 5 === 0) return job;
  const running = await store.save(startOf(job, now));
  if (index % 5 === 1) return running;
  const error = { code: index % 2 === 0 ? 'TOO_SLOW' : 'REFUSED', message: `failed at ${index}`, retryable: false, at: now };
  if (index % 5 === 2) return store.save(fail(running, now, error));
  if (index % 5 === 3) return store.save(deadLetter(running, now, error));
  return store.save(succeed(running, now, { result: { score: index / 100 }, resultRef: null, artifacts: [] }));
}

function anyFilter(backend: ContractBackend, parents: readonly string[]): fc.Arbitrary<JobFilter> {
  const now = backend.clock.now();
  return fc.record(
    {
      statuses: fc.subarray(['Queued', 'Running', 'Succeeded', 'Failed', 'DeadLettered'] as const, { minLength: 1 }),
      types: fc.subarray(['echo', 'sleep', 'fail'], { minLength: 1 }),
      queues: fc.subarray([...backend.queues], { minLength: 1 }),
      userId: fc.constantFrom('ann', 'bob', 'nobody'),
      labels: fc.constantFrom<Record<string, string>>({ team: 'blue' }, { team: 'red' }, { 'a.b"c': 'x', team: 'blue' }, { absent: 'x' }),
      createdFrom: fc.constantFrom(now - 180_000, now - 120_000),
      createdBefore: fc.constantFrom(now - 60_000, now),
      parentJobId: fc.constantFrom(...parents),
    },
    { requiredKeys: [] },
  );
}

function fits(job: Job, filter: JobFilter): boolean {
  return (
    (filter.statuses?.includes(job.status) ?? true) &&
    (filter.types?.includes(job.type) ?? true) &&
    (filter.queues?.includes(job.queue) ?? true) &&
    (filter.userId === undefined || filter.userId === job.userId) &&
    Object.entries(filter.labels ?? {}).every(([key, value]) => job.labels[key] === value) &&
    (filter.createdFrom === undefined || job.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || job.createdAt < filter.createdBefore) &&
    (filter.parentJobId === undefined || job.parentJobId === filter.parentJobId)
  );
}

function anyExpression(backend: ContractBackend): fc.Arbitrary<string> {
  const comparison = fc.constantFrom(
    'status=Failed',
    'status=succeeded',
    'status != Queued',
    'status in (Running, DeadLettered)',
    'type=echo',
    'type~"s*"',
    `queue=${backend.queues[0]}`,
    'user=ann',
    'age > 2m',
    'age <= 1m',
    'attempt >= 1',
    'priority > normal',
    'label.team=blue',
    'label.team=null',
    'payload.n < 30',
    'payload.text=null',
    'result.score > 0.5',
    'error~"*at 1*"',
    'reason=TOO_SLOW',
    'reason=null',
  );
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      comparison,
      fc.tuple(tie('tree'), fc.constantFrom('and', 'or'), tie('tree')).map(([left, word, right]) => `(${left}) ${word} (${right})`),
      tie('tree').map((inner) => `not (${inner})`),
    ),
  }));
  return tree;
}

async function pagesOf(store: JobStore, filter: JobFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<JobStore['list']>> = await store.list({ filter, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.jobs.length).toBeLessThanOrEqual(limit);
    ids.push(...page.jobs.map(({ jobId }) => jobId));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

async function idsOf(store: JobStore, filter: JobFilter): Promise<string[]> {
  return pagesOf(store, filter, 100);
}

function newestFirst(jobs: readonly Job[]): Job[] {
  return [...jobs].sort((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? 1 : -1));
}

// Cosmos DB and SQLite give the same pages for the same jobs and the same expression, whatever of it became a query; and what
// a search that cannot be one costs has an end.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Job, JobStatus } from '../../src/domain/job.js';
import { JOB_STATUSES, PRIORITIES } from '../../src/domain/job.js';
import { submit } from '../../src/domain/lifecycle.js';
import { parseWhere } from '../../src/domain/where/parser.js';
import { printWhere } from '../../src/domain/where/print.js';
import type { JobFilter, JobStore } from '../../src/ports/job-store.js';
import { whereExpressions } from '../unit/domain/where/arbitraries.js';
import { testJob } from './contract-backend.js';
import { makeCosmosBackend } from './cosmos-backend.js';
import { makeSqliteBackend } from './sqlite-backend.js';

const WORDS = ['a', 'B', 'b', 'ab', 'echo', '7', '007', '1e3', 'true', 'TRUE', 'null', 'x y', 'é😀'] as const;
const LABELS = ['a', 'b', 'x.y', 'my key', '0', '12', '007', '"', "don't", '[', 'é', '\\u0041'] as const;

/** As if each had come this far. */
async function variety(stores: readonly JobStore[], backend: Parameters<typeof testJob>[0]): Promise<void> {
  const word = fc.constantFrom(...WORDS);
  const jobs = fc.sample(
    fc.record({
      createdAt: fc.constantFrom(0, 1, 60_000, 60_001, 5_400_000, 86_400_000).map((age) => backend.clock.now() - age),
      type: word,
      userId: word,
      status: fc.constantFrom<JobStatus>(...JOB_STATUSES),
      priority: fc.constantFrom(...PRIORITIES),
      attempt: fc.integer({ min: 0, max: 8 }),
      labels: fc.dictionary(fc.constantFrom(...LABELS), word, { maxKeys: 4 }),
      payload: fc.oneof(fc.dictionary(word, fc.oneof(word, fc.integer({ min: -8, max: 8 }), fc.boolean(), fc.constant(null), fc.array(word, { maxLength: 2 })), { maxKeys: 3 }), word),
      error: fc.option(fc.record({ code: word, message: word, retryable: fc.boolean(), at: fc.constant(1) }), { freq: 2 }),
    }),
    { numRuns: 120, seed: 20_261_123 },
  );
  const entries = jobs.map((job) => submit(testJob(backend, job as Partial<Job>)));
  for (const store of stores) await store.insert(entries);
}

async function pages(store: JobStore, filter: JobFilter, { limit, maxScanned }: { limit: number; maxScanned?: number }): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<JobStore['list']>> = await store.list({ filter, limit, ...(cursor === null ? {} : { cursor }), ...(maxScanned === undefined ? {} : { maxScanned }) });
    found.push(page.jobs.map(({ jobId }) => jobId));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

test('an expression finds the same jobs on the same pages as on SQLite', async () => {
  const [cosmos, sqlite] = [await makeCosmosBackend(), await makeSqliteBackend()];
  expect(sqlite.clock.now()).toBe(cosmos.clock.now());
  await variety([cosmos.ports.store, sqlite.ports.store], cosmos);
  const filters = fc.record({ statuses: fc.subarray([...JOB_STATUSES]), types: fc.subarray([...WORDS]), userId: fc.constantFrom(...WORDS), labels: fc.dictionary(fc.constantFrom(...LABELS), fc.constantFrom(...WORDS), { maxKeys: 1 }) }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(whereExpressions, fc.option(filters, { nil: {}, freq: 3 }), fc.integer({ min: 1, max: 50 }), async (where, filter, limit) => {
      const wanted = { ...filter, where };
      // Whether there is more behind a full page may come out with the next one, which is empty then.
      const full = (found: string[][]): string[][] => found.filter(({ length }) => length > 0);
      const there = await pages(sqlite.ports.store, wanted, { limit });
      expect(full(await pages(cosmos.ports.store, wanted, { limit })), printWhere(where)).toEqual(full(there));
      // Ended early, again and again: nothing is left out or comes twice.
      expect((await pages(cosmos.ports.store, wanted, { limit, maxScanned: 1 })).flat()).toEqual(there.flat());
    }),
    { numRuns: 150 },
  );
});

describe('what an index answers', () => {
  test.each([
    ['status != Queued', 1],
    ['label.team = search', 1],
    ['not (label.team = search or type = echo) and age < 1h', 1],
    ['label.team in (search, 7) and not user = ann', 1],
    ['payload.n = 1', 600],
    ['label.team ~ "sea*"', 300],
    ['not label.team ~ "sea*"', 600],
  ])('%s reads %i of 600 jobs for a page of one', async (text, most) => {
    const backend = await makeCosmosBackend();
    const { store } = backend.ports;
    const jobs = Array.from({ length: 600 }, (_, index) => testJob(backend, { createdAt: backend.clock.now() - index, labels: index % 2 === 0 ? {} : { team: 'red' }, payload: { n: 0 } }));
    await store.insert(jobs.map((job) => submit(job)));
    let scanned = 0;
    await store.list({ filter: { where: parseWhere(text) }, limit: 1, onScanned: (count) => (scanned = count) });
    expect(scanned).toBeLessThanOrEqual(Math.max(most, 2));
  });
});

test('a search that no index answers ends where it was told to, and goes on from there', async () => {
  const backend = await makeCosmosBackend();
  const { store } = backend.ports;
  await store.insert(Array.from({ length: 900 }, (_, index) => submit(testJob(backend, { createdAt: backend.clock.now() - index, payload: { n: index } }))));
  const filter = { where: parseWhere('payload.n in (3, 450, 899)') };
  const found = await pages(store, filter, { limit: 10, maxScanned: 400 });
  expect(found.map(({ length }) => length)).toEqual([1, 1, 1]);
  const [whole, ...rest] = await pages(store, filter, { limit: 10 });
  expect([whole, rest]).toEqual([found.flat(), []]);
});

import { expect, test } from 'vitest';

import type { Job } from '../../../../src/domain/job.js';
import type { JobPage, ListJobs } from '../../../../src/ports/job-store.js';
import { lookJobs } from '../../../../src/tui/source/look-jobs.js';
import type { DashboardPorts } from '../../../../src/tui/source/ports.js';
import { submitEcho } from '../../../support/move-jobs.js';
import { openServices } from '../../../support/open-services.js';
import { withMethods } from '../../../support/with-methods.js';

const SEARCH = { slice: 'jobs', filter: 'error ~ "*quota*"', anchor: null, chunk: 3 } as const;

/** A store that reads job after job for such a filter, and finds `found` of them on each page that it gives up. */
async function searching(pages: readonly number[], usage: DashboardPorts['usage']) {
  const services = await openServices();
  const job = await submitEcho(services);
  const asked: ListJobs[] = [];
  const list = async (query: ListJobs): Promise<JobPage> => {
    const found = pages[asked.push(query) - 1] ?? 0;
    query.onScanned?.(query.maxScanned ?? 50_000);
    return { jobs: Array.from({ length: found }, (): Job => job), nextCursor: asked.length === pages.length && query.maxScanned === undefined ? null : `after ${asked.length}` };
  };
  const ports = { ...services, store: withMethods(services.store, { list }), usage } as unknown as DashboardPorts;
  return { asked, data: await lookJobs(ports, SEARCH, new AbortController().signal) };
}

test('where each job that is looked at costs, a search ends in the middle and says how far it came', async () => {
  const { asked, data } = await searching([3, 1], () => ({ requestUnits: 1 }));
  expect(asked.map(({ maxScanned, cursor }) => [maxScanned, cursor])).toEqual([
    [2_000, undefined],
    [2_000, 'after 1'],
  ]);
  expect(data).toMatchObject({ more: false, fitting: null, searched: 4_000, chunkCursors: ['after 1'] });
  expect(data.rows).toHaveLength(4);
});

test('where looking is free, a search goes on until the window is full or nothing is left', async () => {
  const { asked, data } = await searching([3, 1], null);
  expect(asked.map(({ maxScanned }) => maxScanned)).toEqual([undefined, undefined]);
  expect(data).toMatchObject({ more: false, fitting: 4, searched: null });
});

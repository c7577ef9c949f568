// The promises of sweepBlobs, on every blob store: files with an end go when it has come, others when nobody needs them.

import { describe, expect, it } from 'vitest';

import { submit } from '../../src/domain/lifecycle.js';
import type { BlobStore } from '../../src/ports/blob-store.js';
import { BLOB_GRACE_MS, sweepBlobs } from '../../src/services/prune-blobs.js';
import type { SettableClock } from '../support/settable-clock.js';
import { type ContractBackend, HOUR_MS, testJob } from './contract-backend.js';

export interface SweepBackend {
  /** Where the jobs are; its clock is its own. */
  readonly jobs: ContractBackend;
  readonly blobs: BlobStore;
  readonly clock: SettableClock;
}

/** Fresh and empty. The times of files are real ones, so the clock starts at the real time. */
export function describeBlobSweepContract(name: string, make: () => Promise<SweepBackend>): void {
  describe(`sweeping ${name}`, () => {
    it('deletes files whose end has come, and no others', async () => {
      const backend = await make();
      const { blobs, clock } = backend;
      const expiresAt = clock.now() + HOUR_MS;
      await blobs.put('cache/over', 'a', { expiresAt });
      await blobs.put('cache/later', 'b', { expiresAt: expiresAt + 1 });
      await blobs.put('cache/endless', 'c');
      expect(await sweep(backend)).toBe(0);
      clock.advance(HOUR_MS);
      expect(await sweep(backend)).toBe(1);
      expect(await keysOf(blobs)).toEqual(['cache/endless', 'cache/later']);
    });

    it('keeps a file with an end until then, however old it is and though no job names it', async () => {
      const backend = await make();
      const { blobs, clock } = backend;
      await blobs.put('cache/long', 'a', { expiresAt: clock.now() + 10 * BLOB_GRACE_MS });
      clock.advance(9 * BLOB_GRACE_MS);
      expect(await sweep(backend)).toBe(0);
      expect(await keysOf(blobs)).toEqual(['cache/long']);
    });

    it('deletes an old file that no job names, and keeps one that a job names', async () => {
      const backend = await make();
      const { blobs, clock, jobs } = backend;
      const payloadRef = await blobs.putByHash('payloads', '{"a":1}');
      await blobs.putByHash('payloads', '{"b":2}');
      await jobs.ports.store.insert([submit({ ...testJob(jobs), payload: null, payloadRef })]);
      clock.advance(BLOB_GRACE_MS - HOUR_MS);
      expect(await sweep(backend)).toBe(0);
      clock.advance(2 * HOUR_MS);
      expect(await sweep(backend)).toBe(1);
      expect(await keysOf(blobs)).toEqual([payloadRef.key]);
    });

    it('deletes nothing more when it is told to end', async () => {
      const backend = await make();
      const { blobs, clock } = backend;
      await blobs.put('cache/over', 'a', { expiresAt: clock.now() + 1 });
      clock.advance(1);
      expect(await sweep(backend, AbortSignal.abort())).toBe(0);
      expect(await keysOf(blobs)).toEqual(['cache/over']);
    });
  });
}

function sweep({ jobs, blobs, clock }: SweepBackend, signal = new AbortController().signal): Promise<number> {
  return sweepBlobs({ store: jobs.ports.store, blobs, clock }, { signal });
}

async function keysOf(blobs: BlobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list('')) keys.push(key);
  return keys.sort();
}

// BlobStore: payloads, datasets, artifacts and results too large for a record. A blob is durable before a job names it.

import type { BlobRef } from '../domain/job.js';

export type BlobContent = string | Uint8Array | AsyncIterable<string | Uint8Array>;

export interface BlobStore {
  /** Streams the content in; durable (content and directory entry) when this resolves; a crash before leaves nothing under the key. Replaces an existing blob as a whole. */
  put(key: string, content: BlobContent): Promise<BlobRef>;
  /** Stores under a key made from the content's SHA-256 below `prefix`: the same content twice is one blob. */
  putByHash(prefix: string, content: BlobContent): Promise<BlobRef>;
  /** Streams the content out. BLOB_NOT_FOUND; BLOB_CORRUPT at the end of the stream when `expect` is given and does not match. */
  read(key: string, expect?: { readonly sha256: string; readonly bytes: number }): AsyncIterable<Uint8Array>;
  exists(key: string): Promise<boolean>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** Keys below a prefix with their age, for sweeping what no job names. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number; readonly modifiedAt: number }>;
}

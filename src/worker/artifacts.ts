// Files that handlers leave with their job.

import { extname } from 'node:path';

import { AppError } from '../domain/errors.js';
import type { Artifact } from '../domain/job.js';
import type { BlobContent, BlobStore } from '../ports/blob-store.js';
import type { AttemptRef } from '../ports/job-store.js';

export interface NewArtifact {
  readonly name: string;
  readonly content: BlobContent;
  readonly contentType?: string;
}

const NAME = /^[^\s/\\\p{Cc}][^/\\\p{Cc}]{0,199}$/u;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.html': 'text/html',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.log': 'text/plain',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.tsv': 'text/tab-separated-values',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
};

/**
 * The file is durable when this resolves. Its key has the attempt in it: an attempt that has lost its job cannot replace
 * a file of the one that owns it. A process that dies before the job is saved leaves a file that no job names; `prune`
 * removes it. Throws INPUT_INVALID for a name that is a path.
 */
export async function putArtifact(blobs: BlobStore, attempt: AttemptRef, file: NewArtifact): Promise<Artifact> {
  const { name } = file;
  if (!NAME.test(name) || name === '..' || name === '.') {
    throw new AppError('INPUT_INVALID', `artifact name: expected 1 to 200 characters without slashes, got ${JSON.stringify(name.slice(0, 60))}`);
  }
  const { key, bytes } = await blobs.put(`artifacts/${attempt.jobId}/${attempt.runEpoch}/${name}`, file.content);
  return { name, key, bytes, contentType: file.contentType ?? CONTENT_TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream' };
}

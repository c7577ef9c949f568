// A HandlerContext that keeps what a handler does with it, for handlers tested without a worker.

import { createJob } from '../../src/domain/create-job.js';
import type { Artifact, Job, JobId } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import type { BlobContent } from '../../src/ports/blob-store.js';
import { WaitForChildren, type ChildFailure, type ChildSpec, type HandlerContext } from '../../src/worker/handler.js';

export class TestContext implements HandlerContext {
  readonly job: Job;
  readonly attempt: number;
  readonly abort = new AbortController();
  readonly signal = this.abort.signal;
  readonly lines: string[] = [];
  readonly told: { completed: number; total: number | null; message: string | null }[] = [];
  readonly files = new Map<string, string>();
  readonly saved = new Map<string, Json>();
  readonly sent: ChildSpec[] = [];
  /** What the stored children look like to the handler. */
  childCounts = { stored: 0, expected: 0, succeeded: 0, failed: 0 };
  childFailures: ChildFailure[] = [];
  /** By key. */
  readonly blobTexts = new Map<string, string>();

  constructor(changes: { payload?: Json; attempt?: number; type?: string } = {}) {
    this.attempt = changes.attempt ?? 1;
    this.job = {
      ...createJob({
        jobId: '01980000-0000-7000-8000-000000000001',
        type: changes.type ?? 'echo',
        queue: 'evaluation-jobs',
        userId: 'someone',
        priority: 'normal',
        origin: 'submit',
        createdAt: Date.UTC(2026, 7, 1),
        dueAt: Date.UTC(2026, 7, 1),
        ttlMs: 60_000,
        maxAttempts: 3,
        payload: changes.payload ?? null,
      }),
      attempt: this.attempt,
      runEpoch: this.attempt,
    };
  }

  readonly log = {
    debug: (text: string) => void this.lines.push(`debug ${text}`),
    info: (text: string) => void this.lines.push(`info ${text}`),
    warn: (text: string) => void this.lines.push(`warn ${text}`),
    error: (text: string) => void this.lines.push(`error ${text}`),
  };

  readonly progress = (completed: number, total: number | null = null, message: string | null = null): void => {
    this.told.push({ completed, total, message });
  };

  readonly checkpoint: HandlerContext['checkpoint'] = {
    get: async (key) => this.saved.get(key),
    set: async (key, value) => void this.saved.set(key, value),
    setMany: async (entries) => entries.forEach(({ key, value }) => this.saved.set(key, value)),
    entries: async function* () {
      yield* [];
    },
  };

  readonly artifacts = {
    put: async (name: string, content: BlobContent, options: { contentType?: string } = {}): Promise<Artifact> => {
      const text = await textOf(content);
      this.files.set(name, text);
      return { name, key: `artifacts/${name}`, bytes: Buffer.byteLength(text), contentType: options.contentType ?? 'text/plain' };
    },
  };

  readonly blobs: HandlerContext['blobs'] = {
    read: ({ key }) => bytesOf(this.blobTexts.get(key) ?? ''),
  };

  readonly children: HandlerContext['children'] = {
    send: async (specs): Promise<JobId[]> => {
      this.sent.push(...specs);
      const keys = new Set(this.sent.map(({ key }) => key));
      this.childCounts = { ...this.childCounts, stored: keys.size };
      return specs.map(({ key }) => key);
    },
    counts: async () => this.childCounts,
    failures: async (limit) => this.childFailures.slice(0, limit),
    wait: (expected) => new WaitForChildren(expected),
  };
}

async function textOf(content: BlobContent): Promise<string> {
  if (typeof content === 'string') return content;
  if (content instanceof Uint8Array) return Buffer.from(content).toString('utf8');
  let text = '';
  for await (const chunk of content) text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  return text;
}

/** In small pieces, as a file may come. */
async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7);
}

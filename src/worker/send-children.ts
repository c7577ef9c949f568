// Child jobs of a running job: stored under ids made from the parent's id and their keys, so that a parent that runs
// again makes no second child.

import { AppError } from '../domain/errors.js';
import { childId } from '../domain/ids.js';
import type { Job, JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { NewJobEntry } from '../ports/job-store.js';
import type { JobTypes } from '../services/job-types.js';
import { SubmissionPreparer } from '../services/submit-prepare.js';
import type { ChildFailure, ChildSpec, HandlerChildren } from './handler.js';
import { WaitForChildren } from './handler.js';

export type ChildrenParts = { readonly backend: Backend; readonly jobTypes: JobTypes };

/** Children per insert: large enough to share one commit, small enough to leave room for others. */
const CHUNK = 500;
const MAX_KEY_CHARS = 500;

export function childrenOf(parent: Job, parts: ChildrenParts): HandlerChildren {
  const { store } = parts.backend;
  return {
    send: (specs) => sendChildren(parent, specs, parts),
    counts: () => store.childrenOf(parent.jobId),
    failures: (limit) => failedChildren(parent.jobId, limit, parts.backend),
    wait: (expected) => {
      if (!Number.isSafeInteger(expected) || expected < 0) {
        throw new AppError('INPUT_INVALID', `children.wait: expected a whole number of children, got ${String(expected)}`);
      }
      return new WaitForChildren(expected);
    },
  };
}

/**
 * If the process dies between two chunks, the next attempt sends all again and the stored ones are found by their ids.
 * Throws TYPE_UNKNOWN, PAYLOAD_INVALID and the like before anything of the child's chunk is stored.
 */
async function sendChildren(parent: Job, specs: readonly ChildSpec[], parts: ChildrenParts): Promise<JobId[]> {
  const prepare = childPreparer(parent, parts);
  const ids: JobId[] = [];
  for (let from = 0; from < specs.length; from += CHUNK) {
    const entries: NewJobEntry[] = [];
    for (const spec of specs.slice(from, from + CHUNK)) entries.push(await prepare(spec));
    await parts.backend.store.insert(entries);
    for (const { job } of entries) ids.push(job.jobId);
  }
  return ids;
}

function childPreparer(parent: Job, parts: ChildrenParts): (spec: ChildSpec) => Promise<NewJobEntry> {
  let nextId: JobId = parent.jobId;
  const preparer = new SubmissionPreparer({ ...parts.backend, jobTypes: parts.jobTypes, newJobId: () => nextId, publicBaseUrl: null });
  return (spec) => {
    if (typeof spec.key !== 'string' || spec.key === '' || spec.key.length > MAX_KEY_CHARS) {
      throw new AppError('INPUT_INVALID', `child key: expected 1 to ${MAX_KEY_CHARS} characters, got ${JSON.stringify(spec.key)?.slice(0, 60)}`);
    }
    nextId = childId(parent.jobId, spec.key);
    return preparer.prepare({
      type: spec.type,
      payload: spec.payload,
      userId: parent.userId,
      priority: spec.priority ?? parent.priority,
      parentJobId: parent.jobId,
      ...(spec.labels === undefined ? {} : { labels: spec.labels }),
    });
  };
}

async function failedChildren(parentJobId: JobId, limit: number, backend: Pick<Backend, 'store'>): Promise<readonly ChildFailure[]> {
  const page = await backend.store.list({ filter: { parentJobId, statuses: ['Failed', 'DeadLettered', 'Cancelled'] }, limit });
  return page.jobs.map(({ jobId, type, status, error }) => ({ jobId, type, status, error }));
}

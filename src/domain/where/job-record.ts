// A stored job as a where-expression sees it.

import type { Job } from '../job.js';
import type { WhereRecord } from './evaluate.js';
import { valueAtPath } from './field-path.js';
import type { WhereFieldName } from './fields.js';

/** `age` counts from creation; `error` is code and message; `reason` the code, as in the dead-letter queue. */
export function jobWhereRecord(job: Job, nowMs: number): WhereRecord {
  return {
    get(field: WhereFieldName, path: readonly string[]): unknown {
      switch (field) {
        case 'status':
        case 'type':
        case 'queue':
        case 'attempt':
        case 'priority':
          return job[field];
        case 'user':
          return job.userId;
        case 'age':
          return nowMs - job.createdAt;
        case 'error':
          return job.error === null ? null : [job.error.code, job.error.message];
        case 'reason':
          return job.error?.code;
        case 'label':
          return valueAtPath(job.labels, path);
        case 'payload':
        case 'result':
          return valueAtPath(job[field], path);
      }
    },
  };
}

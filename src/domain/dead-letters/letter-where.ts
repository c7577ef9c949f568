// A dead letter as a where-expression sees it, with the job it belongs to where that is stored.

import type { Job } from '../job.js';
import type { Json } from '../json.js';
import type { WhereRecord } from '../where/evaluate.js';
import { valueAtPath } from '../where/field-path.js';
import type { WhereFieldName } from '../where/fields.js';
import type { LetterFacts } from './letter-facts.js';
import type { LetterRecord } from './letter-record.js';
import { deadSince } from './selection.js';

export interface WhereLetter {
  readonly letter: LetterRecord;
  readonly facts: LetterFacts;
  /** Undefined when it is not stored or no field of the expression needs it. */
  readonly job: Job | undefined;
  /** The payload, also when it is a file. */
  readonly payload: Json | undefined;
  readonly now: number;
}

/** Fields that only the stored job knows. */
export const JOB_FIELDS: readonly WhereFieldName[] = ['status', 'label', 'result', 'attempt', 'user', 'priority', 'error'];

/** `age` counts from the dead-lettering, `queue` is the letter's, `reason` its reason, `error` reason and description. */
export function letterWhereRecord({ letter, facts, job, payload, now }: WhereLetter): WhereRecord {
  return {
    get(field, path): unknown {
      switch (field) {
        case 'status':
          return job?.status;
        case 'type':
          return facts.type;
        case 'queue':
          return letter.queue;
        case 'user':
          return job?.userId ?? facts.userId;
        case 'priority':
          return job?.priority ?? facts.priority;
        case 'attempt':
          return job?.attempt ?? letter.deliveryCount;
        case 'age':
          return now - deadSince(letter);
        case 'reason':
          return letter.reason;
        case 'error':
          return [letter.reason, letter.description, job?.error?.code, job?.error?.message].filter((text) => typeof text === 'string');
        case 'label':
          return valueAtPath(job?.labels, path);
        case 'payload':
          return valueAtPath(payload, path);
        case 'result':
          return valueAtPath(job?.result, path);
      }
    },
  };
}

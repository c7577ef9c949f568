// `copiloteval retry`: queues jobs again that ended without success.

import { RETRYABLE_STATUSES, retryJobs } from '../services/retry-jobs.js';
import { changeMany, changeOptions } from './change-many.js';
import { defineCommand } from './command.js';
import { remainingArguments } from './option-specs.js';

export const retryCommand = defineCommand({
  path: ['retry'],
  summary: 'Queue failed, dead-lettered or cancelled jobs again',
  description: 'They get all their attempts again. For dead letters, `dlq replay` has more to offer: groups, rates, a ledger.',
  examples: ['copiloteval retry 1a2b3c4d 5e6f7a8b', `copiloteval retry --where 'status = Failed and error ~ "*ECONNREFUSED*"'`],
  arguments: { jobIds: remainingArguments('job ids, or their last eight characters') },
  options: changeOptions,
  changes: true,
  run: ({ jobIds }, options, context) =>
    changeMany({ verb: 'retry', done: 'queued again', statuses: RETRYABLE_STATUSES, apply: retryJobs }, jobIds, options, context),
});

// `copiloteval cancel`: gives jobs up.

import { cancelJobs } from '../services/cancel-jobs.js';
import { changeMany, changeOptions } from './change-many.js';
import { defineCommand } from './command.js';
import { remainingArguments } from './option-specs.js';

export const cancelCommand = defineCommand({
  path: ['cancel'],
  summary: 'Cancel jobs, by id or by an expression',
  description:
    'A waiting job is cancelled at once. A running one is asked to stop and ends within seconds, unless it succeeds first. ' +
    'The children of a batch are cancelled with it.',
  examples: ['copiloteval cancel 1a2b3c4d', `copiloteval cancel --where 'type = http and age > 1h' --dry-run`, `copiloteval cancel --where 'label.team = search' --yes`],
  arguments: { jobIds: remainingArguments('job ids, or their last eight characters') },
  options: changeOptions,
  changes: true,
  run: ({ jobIds }, options, context) =>
    changeMany({ verb: 'cancel', done: 'cancelled', statuses: ['Queued', 'Running'], apply: cancelJobs }, jobIds, options, context),
});

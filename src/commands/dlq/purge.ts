// `copiloteval dlq purge`: removes dead letters, keeping a copy in the trash.

import { defineCommand, type CommandContext } from '../command.js';
import { nonEmpty } from '../option-parsers.js';
import { option, type OptionValues } from '../option-specs.js';
import { operationOptions, planAndRun } from './plan-command.js';

const options = {
  ...operationOptions,
  confirm: option('--confirm <text>', 'in a production profile: the queue and the number of letters, `QUEUE COUNT`, instead of typing them', { parser: nonEmpty() }),
};

export const dlqPurgeCommand = defineCommand({
  path: ['dlq', 'purge'],
  summary: 'Remove dead letters; copies stay in the trash for a while',
  description:
    'Shows what fits and asks before anything is changed. Messages are removed, jobs are not: a job stays DeadLettered and `retry` still queues it. ' +
    '`dlq restore` brings the letters back while the trash has them (setting trashDays).',
  examples: [
    'copiloteval dlq purge --queue evaluation-jobs --older-than 7d',
    'copiloteval dlq purge --queue evaluation-jobs --group G3K --reason-text "test data" --yes',
    'copiloteval dlq purge --resume P4kt0p9m',
  ],
  options,
  changes: true,
  run: (_args: object, given: OptionValues<typeof options>, context: CommandContext) =>
    planAndRun('purge', given, { maxReplays: 0, toQueue: null, delayMs: 0, edits: [] }, context),
});

// `copiloteval dlq replay`: puts dead letters back on their queue.

import { parseAssignment, type PayloadAssignment } from '../../domain/dead-letters/payload-edit.js';
import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { duration, integer, nonEmpty, type Parser } from '../option-parsers.js';
import { option, repeated, type OptionValues } from '../option-specs.js';
import { operationOptions, planAndRun } from './plan-command.js';

const group = 'How they are replayed:';
const options = {
  ...operationOptions,
  maxReplays: option('--max-replays <n>', 'skip what was replayed so often before', { parser: integer({ min: 0, max: 1000 }), default: 3, group }),
  to: option('--to <queue>', 'to this queue instead of their own', { parser: nonEmpty(), group }),
  delay: option('--delay <duration>', 'let them start so much later', { parser: duration(), default: 0, defaultText: 'at once', group }),
  set: repeated('--set <path=value>', "change the jobs' payload on the way, such as --set url=https://example.org", { parser: assignment(), group }),
};

export const dlqReplayCommand = defineCommand({
  path: ['dlq', 'replay'],
  summary: 'Queue the jobs of dead letters again',
  description:
    'Shows what fits and asks before anything is changed. Every step is written down, so that an interrupted replay is finished with --resume. ' +
    'A job is queued once, with all its attempts. Messages without a job are sent as copies. ' +
    'Letters of jobs that have gone on (succeeded, failed, cancelled, or queued again by something else) are skipped and removed; ' +
    'those of running jobs, and those replayed too often, are skipped and left.',
  examples: [
    'copiloteval dlq replay --queue evaluation-jobs --all',
    'copiloteval dlq replay --job 1a2b3c4d',
    `copiloteval dlq replay --queue evaluation-jobs --reason '*timeout*' --rate 50/s --yes`,
    'copiloteval dlq replay --queue evaluation-jobs --group G3K --set url=https://example.org/v2 --dry-run',
    'copiloteval dlq replay --resume R4kt0p9m',
  ],
  options,
  changes: true,
  run: runDlqReplay,
});

async function runDlqReplay(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<number | void> {
  if (given.to !== undefined) await knownQueues(await context.runtime(), [given.to]);
  const settings = { maxReplays: given.maxReplays, toQueue: given.to ?? null, delayMs: given.delay, edits: given.set };
  return planAndRun('replay', given, settings, context);
}

function assignment(): Parser<PayloadAssignment> {
  return { expects: 'path=value such as url=https://example.org, items[0].retries=3 or name="3"', read: parseAssignment };
}

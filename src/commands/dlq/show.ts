// `copiloteval dlq show`: one dead letter with everything about it.

import { deadSince } from '../../domain/dead-letters/selection.js';
import { shortId } from '../../domain/ids.js';
import { formatBytes, formatTries, localTime, relativeTime } from '../../output/quantities.js';
import { renderFields, type Cell } from '../../output/table.js';
import { statusCell } from '../../output/status-text.js';
import type { Runtime } from '../../runtime.js';
import { viewWholeLetter } from '../../services/dead-letters/letter-view.js';
import { showLetter, type ShownLetter } from '../../services/dead-letters/show-letter.js';
import { viewJob } from '../../services/job-view.js';
import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { nonEmpty } from '../option-parsers.js';
import { argument, repeated, type OptionValues } from '../option-specs.js';
import { bodyText, reasonText } from './letter-text.js';

const options = {
  queue: repeated('--queue <name>', 'look in this queue; in all when not given', { parser: nonEmpty() }),
};

export const dlqShowCommand = defineCommand({
  path: ['dlq', 'show'],
  summary: 'Show one dead letter with its body, properties and job',
  examples: ['copiloteval dlq show 42', 'copiloteval dlq show 1a2b3c4d', 'copiloteval dlq show --queue evaluation-jobs 42 -o json'],
  arguments: { letter: argument('its number, or its job: the id or its last eight characters', nonEmpty()) },
  options,
  run: runDlqShow,
});

async function runDlqShow(args: { letter: string }, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const queues = given.queue.length > 0 ? await knownQueues(runtime, given.queue) : (await runtime.admin.list()).map(({ name }) => name);
  const shown = await showLetter(runtime, { queues, which: args.letter, signal });
  const job = shown.job === undefined ? null : viewJob(shown.job, runtime.publicBaseUrl);
  const next = nextCommands(shown);
  io.print({ json: { deadLetter: viewWholeLetter(shown), job, next }, text: () => showText(shown, next, runtime, io) });
}

function nextCommands({ letter, facts, job }: ShownLetter): readonly string[] {
  const which = `--queue ${letter.queue} --sequence ${letter.sequenceNumber}`;
  const why = facts.jobId === null || job === undefined ? [] : [`copiloteval why ${shortId(facts.jobId)}`];
  return [`copiloteval dlq replay ${which}`, `copiloteval dlq purge ${which}`, ...why];
}

function showText(shown: ShownLetter, next: readonly string[], runtime: Runtime, io: CommandContext['io']): string {
  const { letter, facts, job } = shown;
  const now = runtime.clock.now();
  const time = (at: number): string => `${localTime(at)} (${relativeTime(at, now)})`;
  const fields: readonly (readonly [string, Cell])[] = [
    ['queue', letter.queue],
    ['number', letter.sequenceNumber],
    ['message', letter.messageId],
    ['reason', reasonText(letter)],
    ['dead since', time(deadSince(letter))],
    ['sent', time(letter.enqueuedAt)],
    ['tries', formatTries(letter)],
    ['replays', String(job?.replayCount ?? facts.replayCount)],
    ['type', facts.type ?? '-'],
    ['job', facts.jobId ?? '-'],
    ...(job === undefined ? [] : [['job status', statusCell(job.status, io)] as const]),
    ...Object.entries(letter.properties).map(([name, value]): readonly [string, string] => [`· ${name}`, String(value)]),
    ['body', formatBytes(letter.body.byteLength)],
  ];
  return `${renderFields(fields, io)}\n\n${bodyText(letter.body)}\n\nnext:\n${next.map((command) => `  ${command}`).join('\n')}`;
}

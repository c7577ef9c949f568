// `copiloteval submit`: saves jobs and their messages, one or a stream of them.

import { PRIORITIES } from '../domain/job.js';
import { AppError } from '../domain/errors.js';
import { defineCommand, type CommandContext } from './command.js';
import { choice, duration, filePath, instant, keyValue, nonEmpty } from './option-parsers.js';
import { flag, option, optionalArgument, repeated, type OptionValues } from './option-specs.js';

const single = 'One job:';
const bulk = 'Many jobs:';
const follow = 'Follow it:';
/** What makes no sense for a stream of jobs. */
const onlySingle = ['from'];

const options = {
  payload: option('--payload <json>', "the job's payload: JSON, @file, or - for standard input", { group: single, conflicts: onlySingle }),
  file: option('--file <dataset>', 'a dataset (CSV, TSV, JSONL, JSON), checked and copied into the store', {
    parser: filePath(),
    group: single,
    conflicts: onlySingle,
  }),
  idKey: option('--id-key <key>', 'idempotency key: repeating the same request makes no second job', { group: single, conflicts: onlySingle }),
  knowledgeSource: option('--knowledge-source <name>', 'knowledge source for the handler', { parser: nonEmpty(), group: single, conflicts: onlySingle }),
  instructions: option('--instructions <text>', 'more instructions for the handler, at most 16 KiB', { group: single, conflicts: onlySingle }),
  callbackUrl: option('--callback-url <url>', 'an http or https address that is kept with the job', { parser: nonEmpty(), group: single, conflicts: onlySingle }),
  from: option('--from <file>', 'JSONL, one job a line: {"type","payload","priority","delay","at","idKey",…}; - for standard input', {
    parser: filePath(),
    group: bulk,
  }),
  priority: option('--priority <priority>', 'how early it is handed out', { parser: choice(PRIORITIES) }),
  delay: option('--delay <duration>', 'start no earlier than this from now', { parser: duration(), conflicts: ['at'] }),
  at: option('--at <time>', 'start no earlier than this', { parser: instant('future') }),
  user: option('--user <name>', 'who submits it; your account when not given', { parser: nonEmpty() }),
  label: repeated('--label <key=value>', 'a label; repeat it for more', { parser: keyValue() }),
  queue: option('--queue <name>', "another queue than the type's", { parser: nonEmpty() }),
  dryRun: flag('--dry-run', 'check everything, store nothing'),
  wait: flag('--wait', 'follow the job and end with its outcome', { group: follow, conflicts: [...onlySingle, 'dryRun'] }),
  run: flag('--run', 'run the job in this process, after what waits before it, and end with its outcome', { group: follow, conflicts: [...onlySingle, 'dryRun', 'wait'] }),
  timeout: option('--timeout <duration>', 'end waiting after this; the job goes on', { parser: duration({ minMs: 1 }), group: follow }),
};
export type SubmitOptions = OptionValues<typeof options>;

export const submitCommand = defineCommand({
  path: ['submit'],
  summary: 'Save and queue one job, or a stream of jobs',
  description:
    'When it prints a job id, the job is on disk and cannot be lost. With --from, lines that cannot be used are reported and the others stored; ' +
    'with an idKey on each line, the same input can be submitted again safely.',
  examples: [
    `copiloteval submit echo --payload '{"hello":"world"}'`,
    'copiloteval submit evaluation --file answers.csv --wait',
    `copiloteval submit evaluation --file answers.csv --payload '{"evaluators":[{"type":"token-f1","threshold":0.6}]}'`,
    'copiloteval submit http --payload @request.json --delay 10m --label team=search',
    'copiloteval submit --from jobs.jsonl',
    'generate-jobs | copiloteval submit --from - -o json',
  ],
  arguments: { type: optionalArgument('the job type, such as evaluation, batch, http, command or echo') },
  options,
  changes: true,
  run: runSubmit,
});

async function runSubmit({ type }: { type: string | undefined }, given: SubmitOptions, context: CommandContext): Promise<void> {
  if (given.timeout !== undefined && !given.wait && !given.run) {
    throw new AppError('USAGE_INVALID', '--timeout is for waiting', { hint: 'add `--wait` or `--run`' });
  }
  if (given.from !== undefined) {
    const { runSubmitBulk } = await import('./submit-bulk.js');
    return runSubmitBulk(type, given.from, given, context);
  }
  if (type === undefined) throw await typeMissing(context);
  const { runSubmitOne } = await import('./submit-one.js');
  return runSubmitOne(type, given, context);
}

async function typeMissing(context: CommandContext): Promise<AppError> {
  const types = await (await context.runtime()).jobTypes.all();
  return new AppError('USAGE_INVALID', `submit needs a job type: ${types.map((entry) => entry.type).join(', ')}`, {
    hint: "for example `copiloteval submit echo --payload '{\"hello\":\"world\"}'`, or many jobs with `--from jobs.jsonl`",
  });
}

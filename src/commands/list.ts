// `copiloteval list`: jobs, newest first, a page at a time.

import { shortId } from '../domain/ids.js';
import type { Io } from '../output/io.js';
import { relativeTime } from '../output/quantities.js';
import { statusCell } from '../output/status-text.js';
import { renderTable } from '../output/table.js';
import { listJobs, type ListedJobs } from '../services/list-jobs.js';
import { defineCommand, type CommandContext } from './command.js';
import { jobFilter, jobFilterOptions } from './job-filter.js';
import { noteOf } from './job-text.js';
import { integer, nonEmpty } from './option-parsers.js';
import { option, type OptionValues } from './option-specs.js';
import { noteSearch, SEARCH_LIMIT } from './search-cost.js';

const options = {
  ...jobFilterOptions,
  limit: option('--limit <n>', 'at most so many', { parser: integer({ min: 1, max: 10_000 }), default: 50 }),
  cursor: option('--cursor <cursor>', 'go on behind a page: its nextCursor', { parser: nonEmpty() }),
};

export const listCommand = defineCommand({
  path: ['list'],
  summary: 'List jobs, newest first',
  examples: [
    'copiloteval list',
    'copiloteval list --status Failed,DeadLettered --since 24h',
    `copiloteval list --where 'type = http and payload.url ~ "*example*"' -o jsonl`,
    'copiloteval list --label team=search --limit 500 -o json',
  ],
  options,
  run: runList,
});

async function runList(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const filter = await jobFilter(given, runtime);
  const progress = io.progress({ label: 'looking at jobs' });
  let page: ListedJobs;
  let looked = 0;
  try {
    page = await listJobs(runtime, {
      filter,
      limit: given.limit,
      ...(given.cursor === undefined ? {} : { cursor: given.cursor }),
      maxScanned: SEARCH_LIMIT,
      onScanned: (scanned) => progress.update((looked = scanned)),
      signal,
    });
  } finally {
    progress.done();
  }
  noteSearch({ scanned: looked, found: page.jobs.length }, runtime, io);
  const now = runtime.clock.now();
  io.print({ json: page, lines: page.jobs, text: () => listText(page, io, now) });
  if (page.jobs.length === 0 && page.nextCursor === null) io.note(emptyText(Object.keys(filter).length > 0, io));
  else if (page.nextCursor !== null) io.note(io.errorStyle.dim(`more: --cursor ${page.nextCursor}`));
}

function listText(page: ListedJobs, io: Io, now: number): string {
  if (page.jobs.length === 0) return '';
  const wide = !io.stdoutIsTerminal || io.columns >= 72;
  return renderTable(
    {
      columns: [
        { header: 'ID' },
        { header: 'STATUS' },
        { header: 'TYPE', flexible: true },
        { header: 'CREATED', align: 'right' },
        ...(wide ? [{ header: 'ATT', align: 'right' } as const] : []),
        { header: 'NOTE', flexible: true },
      ],
      rows: page.jobs.map((job) => [
        shortId(job.jobId),
        statusCell(job.status, io),
        job.type,
        relativeTime(Date.parse(job.createdAt), now),
        ...(wide ? [`${job.attempt}/${job.maxAttempts}`] : []),
        noteOf(job, now),
      ]),
    },
    io,
  );
}

function emptyText(filtered: boolean, io: Io): string {
  const next = filtered ? 'leave a filter out to see more' : `submit one: copiloteval submit echo --payload '{"hello":"world"}'`;
  return `no jobs${filtered ? ' fit' : ' yet'}  ${io.errorStyle.dim(next)}`;
}

// `copiloteval results`: what came out of a job, on the screen or as an export.

import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../domain/errors.js';
import { EXPORT_FORMATS, type ExportFormat } from '../evaluation/exports/export-results.js';
import { formatBytes } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { findJob } from '../services/find-job.js';
import { artifactOf, exportOf, resultsOfJob } from '../services/results-of-job.js';
import { defineCommand, type CommandContext } from './command.js';
import { choice, filePath, nonEmpty } from './option-parsers.js';
import { argument, option, type OptionValues } from './option-specs.js';
import { agreeToOverwrite, writeOutputFile } from './output-file.js';
import { resultsText } from './results-text.js';

const options = {
  format: option('--format <format>', 'export in this format instead of a summary', { parser: choice(EXPORT_FORMATS) }),
  out: option('--out <file>', 'write to this file', { parser: filePath() }),
  artifact: option('--artifact <name>', 'print a file that the job left', { parser: nonEmpty(), conflicts: ['format'] }),
};

export const resultsCommand = defineCommand({
  path: ['results'],
  summary: 'Show or export the result of a job',
  description: 'Without --format: a summary, or with -o json the result as it is stored. An evaluation exports its items.',
  examples: [
    'copiloteval results 1a2b3c4d',
    'copiloteval results 1a2b3c4d --format csv --out results.csv',
    'copiloteval results 1a2b3c4d --format md > report.md',
    'copiloteval results 1a2b3c4d --artifact items.jsonl',
  ],
  arguments: { jobId: argument('a job id, or its last eight characters') },
  options,
  run: ({ jobId }, given, context) => runResults(jobId, given, context),
});

async function runResults(jobId: string, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  const job = await findJob(runtime, jobId);
  if (given.artifact !== undefined) {
    const { artifact, content } = artifactOf(runtime, job, given.artifact);
    if (given.out === undefined && !/^text\/|json|xml|csv/.test(artifact.contentType)) {
      throw new AppError('USAGE_INVALID', `${artifact.name} is not text (${artifact.contentType})`, { hint: 'write it to a file with `--out`' });
    }
    return deliver(content, given, context);
  }
  const results = await resultsOfJob(runtime, job);
  const format = given.format ?? (given.out === undefined ? undefined : formatOfName(given.out));
  if (format !== undefined) return deliver(exportOf(runtime, results, format), { ...given, format }, context);
  const { jobId: id, type, status, artifacts } = job;
  const text = io.format === 'text' ? await resultsText(runtime, results, io) : '';
  io.print({ json: { jobId: id, type, status, result: results.result, artifacts }, text });
}

/** `report.md` says what it is to be. */
function formatOfName(file: string): ExportFormat {
  return EXPORT_FORMATS.find((format) => file.toLowerCase().endsWith(`.${format}`)) ?? 'json';
}

async function deliver(
  content: AsyncIterable<string | Uint8Array>,
  { out, format }: { readonly out: string | undefined; readonly format: ExportFormat | undefined },
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  if (out === undefined) return writeToStdout(content, context);
  const file = await agreeToOverwrite(out, context);
  const bytes = await writeOutputFile(file, content);
  io.print({ json: { out: file, format: format ?? null, bytes }, text: `wrote ${printable(out)} (${formatBytes(bytes)})` });
}

/** A terminal gets no control characters; a pipe gets every byte as it is stored. */
async function writeToStdout(content: AsyncIterable<string | Uint8Array>, { io, signal }: CommandContext): Promise<void> {
  const decoder = new StringDecoder('utf8');
  for await (const piece of content) {
    if (signal.aborted) return;
    const text = typeof piece === 'string' ? piece : decoder.write(Buffer.from(piece));
    io.write(io.stdoutIsTerminal ? printable(text, { lines: true }) : text);
  }
  io.write(decoder.end());
}


// How a job ended, as text and as the exit of a command that waited for it.

import { AppError } from '../domain/errors.js';
import { shortId } from '../domain/ids.js';
import type { Job } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { EvaluationSummary, GateResult } from '../evaluation/summary.js';
import type { Io } from '../output/io.js';
import { formatDuration } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { statusText } from '../output/status-text.js';
import type { JobResults } from '../services/results-of-job.js';
import { verdictOf } from '../services/why-next.js';

const MAX_RESULT_CHARS = 2000;

/** `✓ Succeeded  echo 1a2b3c4d in 1.2 s` and what came out of it. */
export function outcomeText({ job, result, evaluation }: JobResults, io: Io): string {
  const head = outcomeLine(job, io);
  if (job.status !== 'Succeeded') return head;
  const details = evaluation === null ? resultText(result) : passRateText(evaluation);
  const more = job.resultRef === null && job.artifacts.length === 0 ? [] : [io.style.dim(`more: copiloteval results ${shortId(job.jobId)}`)];
  return [head, details, ...more].join('\n');
}

export function outcomeLine(job: Job, io: Io): string {
  const ran = job.startedAt === null || job.finishedAt === null ? '' : ` in ${formatDuration(job.finishedAt - job.startedAt)}`;
  return `${statusText(job.status, io)}  ${printable(job.type)} ${shortId(job.jobId)}${ran}`;
}

/** One line for the summary of an evaluation. */
export function passRateText({ counts, passRate, verdict }: EvaluationSummary): string {
  const rate = passRate.value === null ? 'unknown' : `${(passRate.value * 100).toFixed(1)} %`;
  const judged = counts.errors === 0 ? '' : `, ${counts.errors} could not be judged`;
  return `pass rate ${rate}  (${counts.passed} of ${counts.runs}${judged})${verdict === 'none' ? '' : `  gates: ${verdict}`}`;
}

/** Undefined for a job that succeeded and whose gates held. */
export function outcomeProblem({ job, result, evaluation }: JobResults): AppError | undefined {
  const id = shortId(job.jobId);
  if (job.status !== 'Succeeded') {
    const error = job.error === null ? '' : `: ${job.error.code}: ${job.error.message}`;
    return new AppError('JOB_NOT_SUCCEEDED', `job ${id} ended ${job.status}${error}`, {
      hint: `see what happened with \`copiloteval why ${id}\``,
      details: { jobId: job.jobId, status: job.status },
    });
  }
  if (verdictOf(result) !== 'failed') return undefined;
  const gates = (evaluation?.gates ?? []).filter(({ passed }) => !passed).map(gateText);
  return new AppError('GATE_FAILED', `job ${id} succeeded, and its gates did not hold${gates.length === 0 ? '' : `: ${gates.join(', ')}`}`, {
    hint: `see the items with \`copiloteval results ${id} --format md\``,
    details: { jobId: job.jobId },
  });
}

function gateText({ metric, bound, limit, value }: GateResult): string {
  return `${metric} ${bound === 'max' ? '<=' : '>='} ${limit} (is ${value === null ? 'unknown' : Number(value.toFixed(4))})`;
}

function resultText(result: Json): string {
  const text = printable(JSON.stringify(result, null, 2), { lines: true });
  return text.length > MAX_RESULT_CHARS ? `${text.slice(0, MAX_RESULT_CHARS - 1)}…` : text;
}

// How a job ended, as text and as the exit of a command that waited for it.

import { AppError } from '../domain/errors.js';
import { shortId } from '../domain/ids.js';
import type { Job } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Io } from '../output/io.js';
import { formatDuration } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { statusText } from '../output/status-text.js';
import { verdictOf } from '../services/why-next.js';

const MAX_RESULT_CHARS = 2000;

/** `✓ Succeeded  echo 1a2b3c4d in 1.2 s` and what came out of it. */
export function outcomeText(job: Job, io: Io): string {
  const ran = job.startedAt === null || job.finishedAt === null ? '' : ` in ${formatDuration(job.finishedAt - job.startedAt)}`;
  const head = `${statusText(job.status, io)}  ${job.type} ${shortId(job.jobId)}${ran}`;
  if (job.status !== 'Succeeded') return head;
  const details = evaluationText(job.result) ?? resultText(job.result);
  const more = job.resultRef === null && job.artifacts.length === 0 ? [] : [io.style.dim(`more: copiloteval results ${shortId(job.jobId)}`)];
  return [head, ...(details === undefined ? [] : [details]), ...more].join('\n');
}

/** Undefined for a job that succeeded and whose gates held. */
export function outcomeProblem(job: Job): AppError | undefined {
  const id = shortId(job.jobId);
  if (job.status !== 'Succeeded') {
    const error = job.error === null ? '' : `: ${job.error.code}: ${job.error.message}`;
    return new AppError('JOB_NOT_SUCCEEDED', `job ${id} ended ${job.status}${error}`, {
      hint: `see what happened with \`copiloteval why ${id}\``,
      details: { jobId: job.jobId, status: job.status },
    });
  }
  if (verdictOf(job) !== 'failed') return undefined;
  const gates = failedGates(job.result);
  return new AppError('GATE_FAILED', `job ${id} succeeded, and its gates did not hold${gates === '' ? '' : `: ${gates}`}`, {
    hint: `see the items with \`copiloteval results ${id} --format md\``,
    details: { jobId: job.jobId },
  });
}

function failedGates(result: Json): string {
  const gates = isObject(result) ? result['gates'] : undefined;
  if (!Array.isArray(gates)) return '';
  const texts = (gates as readonly Json[]).flatMap((gate) => {
    if (!isObject(gate) || gate['passed'] !== false) return [];
    const sign = gate['bound'] === 'max' ? '<=' : '>=';
    const value = typeof gate['value'] === 'number' ? Number(gate['value'].toFixed(4)) : 'unknown';
    return [`${String(gate['metric'])} ${sign} ${String(gate['limit'])} (is ${value})`];
  });
  return texts.join(', ');
}

/** One line for the summary of an evaluation. */
function evaluationText(result: Json): string | undefined {
  const counts = isObject(result) ? result['counts'] : undefined;
  const rate = isObject(result) ? result['passRate'] : undefined;
  if (!isObject(counts) || !isObject(rate) || typeof rate['value'] !== 'number') return undefined;
  const { passed, runs, errors } = counts;
  const verdict = isObject(result) && result['verdict'] !== 'none' ? `  gates: ${String(result['verdict'])}` : '';
  const judged = errors === 0 ? '' : `, ${String(errors)} could not be judged`;
  return `pass rate ${(rate['value'] * 100).toFixed(1)} %  (${String(passed)} of ${String(runs)}${judged})${verdict}`;
}

function resultText(result: Json): string | undefined {
  if (result === null) return undefined;
  const text = printable(JSON.stringify(result, null, 2), { lines: true });
  return text.length > MAX_RESULT_CHARS ? `${text.slice(0, MAX_RESULT_CHARS - 1)}…` : text;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

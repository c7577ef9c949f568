// The result of a job that has one, read back from the store, and its text in each export format.

import { AppError } from '../domain/errors.js';
import { shortId } from '../domain/ids.js';
import { hasEnded, type Artifact, type Job } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { ExportFormat } from '../evaluation/exports/export-results.js';
import type { ItemResult } from '../evaluation/item-result.js';
import type { EvaluationSummary } from '../evaluation/summary.js';
import type { Backend } from '../ports/backend.js';
import { genericExport } from './results-generic.js';

export interface JobResults {
  readonly job: Job;
  readonly result: Json;
  /** The summary, when the job is an evaluation. */
  readonly evaluation: EvaluationSummary | null;
}

/** Throws JOB_STATE when there is no result: the job has not ended, or ended without success. */
export async function resultsOfJob(backend: Pick<Backend, 'blobs'>, job: Job): Promise<JobResults> {
  if (job.status !== 'Succeeded') throw noResult(job);
  const result = job.resultRef === null ? job.result : parsed(await textOf(backend, job.resultRef), job);
  return { job, result, evaluation: isSummary(job, result) ? result : null };
}

/** As resultsOfJob, for callers that also take jobs without a result. */
export async function resultsIfAny(backend: Pick<Backend, 'blobs'>, job: Job): Promise<JobResults> {
  return job.status === 'Succeeded' ? resultsOfJob(backend, job) : { job, result: null, evaluation: null };
}

/** The items of an evaluation, one in memory at a time; can be asked for again. */
export async function* itemsOf(backend: Pick<Backend, 'blobs'>, { job, evaluation }: JobResults): AsyncGenerator<ItemResult> {
  const artifact = job.artifacts.find(({ name }) => name === evaluation?.items);
  if (artifact === undefined) return;
  const { readItems } = await import('../evaluation/exports/read-items.js');
  yield* readItems(backend.blobs.read(artifact.key));
}

/** The export in pieces. Evaluations have their own; of anything else the result is turned into the format. */
export async function* exportOf(backend: Pick<Backend, 'blobs'>, results: JobResults, format: ExportFormat): AsyncGenerator<string> {
  if (results.evaluation === null) {
    yield genericExport(format, results);
    return;
  }
  const { exportResults } = await import('../evaluation/exports/export-results.js');
  yield* exportResults(format, {
    summary: results.evaluation,
    items: itemsOf(backend, results),
    pointer: `All items: \`copiloteval results ${shortId(results.job.jobId)} --format csv\`.`,
  });
}

/** The bytes of a file that the job left. INPUT_INVALID when there is none of this name. */
export function artifactOf(backend: Pick<Backend, 'blobs'>, job: Job, name: string): { artifact: Artifact; content: AsyncIterable<Uint8Array> } {
  const artifact = job.artifacts.find((candidate) => candidate.name === name);
  if (artifact !== undefined) return { artifact, content: backend.blobs.read(artifact.key) };
  const names = job.artifacts.map((candidate) => candidate.name).join(', ');
  throw new AppError('INPUT_INVALID', `job ${shortId(job.jobId)} has no file ${JSON.stringify(name)}`, {
    hint: names === '' ? 'it left no files' : `it has: ${names}`,
  });
}

function noResult(job: Job): AppError {
  const id = shortId(job.jobId);
  if (!hasEnded(job.status)) {
    return new AppError('JOB_STATE', `job ${id} is ${job.status}: it has no result yet`, { hint: `follow it with \`copiloteval tail ${id}\`` });
  }
  const error = job.error === null ? '' : ` (${job.error.code}: ${job.error.message})`;
  return new AppError('JOB_STATE', `job ${id} ended ${job.status} and has no result${error}`, { hint: `see what happened with \`copiloteval why ${id}\`` });
}

async function textOf(backend: Pick<Backend, 'blobs'>, ref: NonNullable<Job['resultRef']>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of backend.blobs.read(ref.key, ref)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string, job: Job): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new AppError('BLOB_CORRUPT', `the stored result of job ${job.jobId} is not JSON`, { cause: error });
  }
}

/** Our own handler wrote it: its shape is trusted when its marks are there. */
function isSummary(job: Job, result: Json): result is Json & EvaluationSummary {
  return job.type === 'evaluation' && isObject(result) && isObject(result['counts'] ?? null) && typeof result['items'] === 'string';
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

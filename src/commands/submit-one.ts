// One job of `submit`: read, checked, stored, and followed when asked to.

import type { Json } from '../domain/json.js';
import { shortId } from '../domain/ids.js';
import type { QueueMode } from '../domain/job.js';
import { counted } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { relayNow } from '../services/relay-beside.js';
import { submitJob, type Submission } from '../services/submit-job.js';
import { SubmissionPreparer } from '../services/submit-prepare.js';
import type { SubmitRequest } from '../services/submit-request.js';
import type { CommandContext } from './command.js';
import { resolveInstant, toRecord } from './option-parsers.js';
import { notePriority, warnNotSent } from './relay-text.js';
import { readPayloadOption } from './submit-input.js';
import type { SubmitOptions } from './submit.js';

export async function runSubmitOne(type: string, options: SubmitOptions, context: CommandContext): Promise<void> {
  const written = options.payload === undefined ? undefined : await readPayloadOption(options.payload, context);
  const runtime = await context.runtime();
  const payload = options.file === undefined ? (written ?? {}) : await payloadWithFile(type, options.file, written ?? {}, runtime, { options, context });
  const request = requestOf(type, payload, options, context, runtime);
  if (options.dryRun) return checkOnly(runtime, request, context);
  if (options.priority !== undefined) notePriority(runtime, context.io);
  const submission = await relayed(await submitJob(runtime, request), runtime, context);
  if (!options.wait && !options.run) {
    printSubmission(submission, runtime, context);
    // What earlier commands could not send, now that the way is open; whatever is left is a worker's.
    if (submission.answer.queueMode === 'service_bus') await relayNow(runtime, { budgetMs: OTHERS_BUDGET_MS, signal: context.signal });
    return;
  }
  const { followSubmission } = await import('./submit-follow.js');
  await followSubmission(runtime, submission, options, context);
}

/** How long a command waits for another system to take its job; the job is saved in any case. */
const OWN_BUDGET_MS = 5000;
const OTHERS_BUDGET_MS = 2000;

/** With where its message really is by now. The job was accepted before this and stays so whatever happens here. */
async function relayed(submission: Submission, runtime: Runtime, { io, signal }: CommandContext): Promise<Submission> {
  const { jobId } = submission.job;
  if (submission.duplicate) return submission;
  const result = await relayNow(runtime, { jobIds: [jobId], budgetMs: OWN_BUDGET_MS, signal });
  if (result === undefined) return submission;
  // Whoever types it again because a look failed would have two jobs.
  const stored = await runtime.store.get(jobId).catch(() => undefined);
  const queueMode = stored?.queueMode ?? submission.answer.queueMode;
  warnNotSent(result, queueMode === 'pending' ? 1 : 0, io);
  return { ...submission, answer: { ...submission.answer, queueMode } };
}

/** The file is durable in the store before the job names it. */
async function payloadWithFile(type: string, path: string, written: Json, runtime: Runtime, { options, context }: OptionsAndContext): Promise<Json> {
  const [{ attachFile }, { fileSource }] = await Promise.all([import('../services/submit-file.js'), import('./submit-input.js')]);
  const file = await fileSource(path, context.cwd);
  const progress = context.io.progress({ label: `reading ${file.name}`, total: file.bytes });
  try {
    const attached = await attachFile(runtime, {
      type: await runtime.jobTypes.resolve(type),
      payload: written,
      fileName: file.name,
      bytes: file.bytes,
      open: file.open,
      onRead: (bytes) => progress.update(bytes, file.bytes),
      dryRun: options.dryRun,
    });
    if (attached.rows !== null) context.io.note(context.io.errorStyle.dim(`${printable(file.name)}: ${counted(attached.rows, 'row')}, checked`));
    return attached.payload;
  } finally {
    progress.done();
  }
}

interface OptionsAndContext {
  readonly options: SubmitOptions;
  readonly context: CommandContext;
}

function requestOf(type: string, payload: Json, options: SubmitOptions, context: CommandContext, runtime: Runtime): SubmitRequest {
  const { priority, delay, at, idKey, label, queue, knowledgeSource, instructions, callbackUrl } = options;
  return {
    type,
    payload,
    userId: options.user ?? context.config.userId,
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(at === undefined ? {} : { at: resolveInstant(at, runtime.clock.now()) }),
    ...(idKey === undefined ? {} : { idempotencyKey: idKey }),
    ...(label.length === 0 ? {} : { labels: toRecord(label) }),
    ...(knowledgeSource === undefined ? {} : { selectedKnowledgeSource: knowledgeSource }),
    ...(instructions === undefined ? {} : { additionalInstructions: instructions }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

async function checkOnly(runtime: Runtime, request: SubmitRequest, { io }: CommandContext): Promise<void> {
  const { job } = await new SubmissionPreparer(runtime, { dryRun: true }).prepare(request);
  io.print({
    json: { dryRun: true, type: job.type, queue: job.queue, priority: job.priority },
    text: `fine: a job of type ${job.type} for the queue ${job.queue}; nothing was stored (--dry-run)`,
  });
}

const WHERE: Readonly<Record<QueueMode, string>> = { service_bus: ' on Service Bus', local: ' on the local queue', pending: ', not sent yet' };

function printSubmission({ answer, job, duplicate }: Submission, { source }: Runtime, { io }: CommandContext): void {
  const { bold } = io.style;
  const what = duplicate ? 'was submitted before under this key' : `submitted to ${job.queue}${source === 'sqlite' ? '' : WHERE[answer.queueMode]}`;
  io.print({ json: answer, text: `${bold(job.jobId)}  ${job.type}  ${what}` });
  io.note(io.errorStyle.dim(`follow it: copiloteval tail ${shortId(job.jobId)}   run what waits: copiloteval worker start --drain`));
}

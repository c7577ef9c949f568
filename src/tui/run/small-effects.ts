// Effects that are done in one step: draining, pausing, submitting, editing, saving, finding.

import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../domain/errors.js';
import { shortId } from '../../domain/ids.js';
import type { Json } from '../../domain/json.js';
import { exportLetters } from '../../services/dead-letters/export-letters.js';
import { showLetter } from '../../services/dead-letters/show-letter.js';
import { findJobId } from '../../services/find-job.js';
import { relayNow } from '../../services/relay-beside.js';
import { submitJob } from '../../services/submit-job.js';
import { readPayload } from '../../services/submit-prepare.js';
import { num } from '../figures.js';
import type { Effect } from '../messages.js';
import { selectionOf } from './letter-operations.js';
import { diffLines, payloadEdits } from './payload-diff.js';
import { audited, type EffectPlace } from './place.js';

type EffectOf<T extends Effect['t']> = Extract<Effect, { readonly t: T }>;

export async function drainWorker(place: EffectPlace, { workerId, audit }: EffectOf<'drain-worker'>): Promise<void> {
  const { workers } = place.profile.ports;
  const drain = async (): Promise<void> => {
    if (!(await workers.requestDrain(workerId))) throw new AppError('WORKER_NOT_FOUND', `worker ${workerId} is not known any more`);
  };
  await audited(place, audit, drain, () => ({ changed: 1, failed: 0 }));
  note(place, `${workerId} was asked to drain`);
}

export async function pauseQueue(place: EffectPlace, { t, queue, audit }: EffectOf<'pause-queue' | 'resume-queue'>): Promise<void> {
  const { ports, session } = place.profile;
  const change = (): Promise<void> => (t === 'pause-queue' ? ports.admin.pause(queue, session.userId) : ports.admin.resume(queue));
  await audited(place, audit, change, () => ({ changed: 1, failed: 0 }));
  note(place, `${queue} is ${t === 'pause-queue' ? 'paused' : 'resumed'}`);
}

/** How long the screen waits for another system to take the job; the job is saved in any case. */
const SEND_BUDGET_MS = 5_000;

/** When it is told, the job is on disk. What is wrong with it is told in the form. */
export async function submit(place: EffectPlace, { request }: EffectOf<'submit'>): Promise<void> {
  const { ports, session } = place.profile;
  const { type, priority, delayMs, queue, labels } = request;
  const payload = 'json' in request.payload ? request.payload.json : parseJson(await readFile(resolve(place.cwd, request.payload.file), 'utf8').catch(unreadable));
  const { job, answer } = await submitJob(ports, {
    type,
    payload,
    userId: session.userId,
    priority,
    labels,
    ...(delayMs === null ? {} : { delayMs }),
    ...(queue === null ? {} : { queue }),
  });
  await relayNow(ports, { jobIds: [job.jobId], budgetMs: SEND_BUDGET_MS });
  place.send({ t: 'submitted', at: ports.clock.now(), jobId: job.jobId, text: `job ${shortId(job.jobId)} is in ${answer.queue}` });
}

export async function editPayload(place: EffectPlace, { text }: EffectOf<'edit-payload'>): Promise<void> {
  const edited = await place.terminal.edit({ name: 'payload.json', text: `${pretty(text)}\n` });
  if (edited === null) return note(place, 'the editor ended with an error; nothing was changed', 'wait');
  place.send({ t: 'form-text', at: place.profile.ports.clock.now(), text: compact(edited) });
}

/** The payload of the letter's job, changed by hand. Nothing is changed before the plan of the replay is confirmed. */
export async function editLetter(place: EffectPlace, { queue, sequenceNumber }: EffectOf<'edit-letter'>): Promise<void> {
  const { ports } = place.profile;
  const { job } = await showLetter(ports, { queues: [queue], which: sequenceNumber });
  if (job === undefined) throw new AppError('INPUT_INVALID', 'this message belongs to no stored job: only the payload of a job can be edited', { hint: 'R replays it as it is' });
  const before = await readPayload(ports, job);
  const edited = await place.terminal.edit({ name: `payload-${shortId(job.jobId)}.json`, text: `${JSON.stringify(before, null, 2)}\n` });
  if (edited === null) return note(place, 'the editor ended with an error; nothing was changed', 'wait');
  const after = parseJson(edited);
  await checkedPayload(place, job.type, after);
  place.send({ t: 'letter-edited', at: ports.clock.now(), edited: { queue, sequenceNumber, edits: payloadEdits(before, after), diff: diffLines(before, after) } });
}

/** FILE_UNWRITABLE, also when there is a file of this name. */
export async function saveText(place: EffectPlace, { path, text }: EffectOf<'save-text'>): Promise<void> {
  await writeNew(place, path, [text.endsWith('\n') ? text : `${text}\n`]);
  note(place, `saved to ${path}`, 'good');
}

export async function saveLetters(place: EffectPlace, { path, queues, target, where }: EffectOf<'save-letters'>): Promise<void> {
  let saved = 0;
  const format = path.endsWith('.csv') ? 'csv' : 'jsonl';
  const lines = exportLetters(place.profile.ports, { queues, selection: selectionOf(target, where) }, { format, onExported: (count) => (saved = count) });
  await writeNew(place, path, lines);
  note(place, `${num(saved)} dead letters saved to ${path}`, 'good');
}

export function changeFilters({ profile, shelf, send }: EffectPlace, { filter, keep }: EffectOf<'save-filter'>): void {
  send({ t: 'filters', at: profile.ports.clock.now(), filters: shelf.changeFilter(filter, keep), text: keep ? `saved; f or F offers it: ${filter}` : `saved no more: ${filter}` });
}

export async function findAndOpen(place: EffectPlace, { text }: EffectOf<'find-job'>): Promise<void> {
  const jobId = await findJobId(place.profile.ports, text);
  place.send({ t: 'opened-job', at: place.profile.ports.clock.now(), jobId });
}

function note({ profile, send }: EffectPlace, text: string, tone: 'good' | 'plain' | 'wait' = 'good'): void {
  send({ t: 'note', at: profile.ports.clock.now(), tone, text });
}

/** Says now, and not in the middle of the replay, that the payload does not fit its type. */
async function checkedPayload({ profile }: EffectPlace, type: string, payload: Json): Promise<void> {
  try {
    await (await profile.ports.jobTypes.resolve(type)).checkPayload(payload);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'TYPE_UNKNOWN') throw error;
  }
}

async function writeNew({ cwd }: EffectPlace, path: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<void> {
  try {
    const file = await open(resolve(cwd, path), 'wx');
    try {
      for await (const chunk of chunks) await file.write(chunk);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new AppError('FILE_UNWRITABLE', `${path} cannot be written: ${isThere ? 'there is a file of this name' : String(error)}`, { cause: error });
  }
}

function unreadable(error: unknown): never {
  throw new AppError('FILE_UNREADABLE', `the payload's file cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new AppError('INPUT_INVALID', `the payload is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** On one line where it is JSON; else as it is, so that nothing typed is lost. */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text.trim().replaceAll('\n', ' ');
  }
}

// Cancel and retry: which jobs are meant is settled first, and exactly those are changed after the confirmation.

import { parseWhere } from '../../domain/where/parser.js';
import type { JobId } from '../../domain/job.js';
import { cancelJobs } from '../../services/cancel-jobs.js';
import type { JobChangeResult } from '../../services/change-jobs.js';
import { retryJobs } from '../../services/retry-jobs.js';
import { selectJobs } from '../../services/select-jobs.js';
import { says } from '../dialogs.js';
import { num } from '../figures.js';
import type { Effect, JobAction, Outcome } from '../messages.js';
import { audited, relayed, type EffectPlace } from './place.js';

export interface PreparedJobs {
  readonly action: JobAction;
  readonly jobIds: readonly JobId[];
  readonly command: string;
  readonly reasonText: string | null;
}

/** Nothing is changed. */
export async function countJobs(place: EffectPlace, effect: Extract<Effect, { t: 'count-jobs' }>, signal: AbortSignal): Promise<PreparedJobs> {
  const { ports } = place.profile;
  const { action, target, command, reasonText, token } = effect;
  const selection = await selectJobs(ports, {
    references: target.kind === 'ids' ? target.ids : [],
    ...(target.kind === 'filter' ? { filter: target.where === '' ? {} : { where: parseWhere(target.where) } } : {}),
    signal,
  });
  signal.throwIfAborted();
  const { jobIds, byStatus } = selection;
  place.send({ t: 'counted', token, at: ports.clock.now(), counted: { action, matched: jobIds.length, byStatus, command } });
  return { action, jobIds, command, reasonText };
}

const PROGRESS_MS = 100;

/** Each job is changed or not on its own; when the signal fires, those that were not begun are left. */
export async function changeJobs(place: EffectPlace, token: number, prepared: PreparedJobs, signal: AbortSignal): Promise<Outcome> {
  const { ports, session } = place.profile;
  const { action, jobIds, reasonText, command } = prepared;
  let toldAt = -Infinity;
  const onProgress = (done: number): void => {
    if (ports.clock.monotonic() - toldAt < PROGRESS_MS) return;
    toldAt = ports.clock.monotonic();
    place.send({ t: 'progress', token, at: ports.clock.now(), done, total: jobIds.length, failed: 0, waitingUntil: null });
  };
  const request = { jobIds, by: session.userId, signal, onProgress };
  const change = (): Promise<readonly JobChangeResult[]> => relayed(place, () => (action === 'cancel' ? cancelJobs(ports, request) : retryJobs(ports, request)));
  const what = command.replace(/^copiloteval /, '');
  const results = await audited(place, { what, reasonText }, change, (done) => ({ changed: done.filter(succeeded).length, failed: done.filter((result) => !succeeded(result)).length }));
  return outcomeOf(prepared, results);
}

function outcomeOf({ action, jobIds, command }: PreparedJobs, results: readonly JobChangeResult[]): Outcome {
  const changed = results.filter(succeeded).length;
  const errors = new Map<string, number>();
  for (const { error } of results) if (error !== undefined) errors.set(error.code, (errors.get(error.code) ?? 0) + 1);
  const left = jobIds.length - results.length;
  const verb = action === 'cancel' ? 'cancelled' : 'queued again';
  const refused = results.length - changed;
  const sample = results.find(({ error }) => error !== undefined)?.error?.message;
  return {
    text: `${num(changed)} of ${num(jobIds.length)} ${verb}${refused > 0 ? `, ${num(refused)} not` : ''}${left > 0 ? `, ${num(left)} not begun` : ''}`,
    tone: refused + left === 0 ? 'good' : changed > 0 ? 'wait' : 'bad',
    title: `${action}: ${num(changed)} of ${num(jobIds.length)}`,
    lines: [
      says(`${num(changed)} ${verb}`, 'good'),
      ...[...errors].map(([code, count]) => says(`${num(count)} not: ${code}`, 'bad')),
      ...(sample === undefined ? [] : [says(sample, 'faint')]),
      ...(left > 0 ? [says(`${num(left)} not begun: stopped`, 'wait')] : []),
    ],
    command,
    complete: left === 0,
  };
}

function succeeded({ error }: JobChangeResult): boolean {
  return error === undefined;
}

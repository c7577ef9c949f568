// One line of a worker's log for one delivery: a sentence for people, the same facts as fields for programs.

import { shortId } from '../domain/ids.js';
import type { DeliveryReport } from './delivery-report.js';

const MAX_ERROR_CHARS = 300;

export function describeEnd(report: DeliveryReport, messageId: string): { fields: Readonly<Record<string, unknown>>; text: string } {
  const { jobType, jobId, outcome, durationMs } = report;
  const error = outcome === 'succeeded' ? null : (report.error ?? null);
  const who = firstLine(jobId === undefined ? `message ${messageId}` : `${jobType ?? 'job'} ${shortId(jobId)}`);
  const ms = durationMs === undefined ? undefined : Math.round(durationMs);
  const took = ms === undefined ? '' : ` after ${ms} ms`;
  const why = error === null ? '' : `: [${error.code}] ${firstLine(error.message)}`;
  return {
    fields: { ...(jobId === undefined ? { messageId } : { jobId, type: jobType }), outcome, ...(ms === undefined ? {} : { ms }), ...(error === null ? {} : { code: error.code }) },
    text: `${who} ${outcome}${took}${why}`,
  };
}

/** Handlers put anything into their errors, other producers into their messages; a terminal gets no control characters from them. */
function firstLine(message: string): string {
  const line = message.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line.length > MAX_ERROR_CHARS ? `${line.slice(0, MAX_ERROR_CHARS - 1)}…` : line;
}

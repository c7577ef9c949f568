// Whether a dead letter still says what its job was submitted with: the message against the job's payload, and the edits since.

import type { Job } from '../../domain/job.js';
import { readPayload } from '../../services/submit-prepare.js';
import type { FoundLetter } from '../../services/dead-letters/walk-letters.js';
import { says, type DialogLine } from '../dialogs.js';
import { diffLines } from '../run/payload-diff.js';
import type { DashboardPorts } from './ports.js';

const MAX_EVENTS = 1000;

/** Reads the job's history only where it was replayed: nothing else changes a payload. */
export async function letterChanges(ports: Pick<DashboardPorts, 'blobs' | 'events'>, { facts }: FoundLetter, job: Job | undefined): Promise<readonly DialogLine[]> {
  if (job === undefined) return [says('the message belongs to no stored job: there is nothing to compare it with', 'faint')];
  if (facts.payload === undefined) return [says('the body is no job: there is no payload to compare', 'faint')];
  const edits = job.replayCount === 0 ? [] : await editsOf(ports, job);
  const inMessage = await readPayload(ports, { payload: facts.payload, payloadRef: facts.payloadRef }).catch(() => undefined);
  const inJob = await readPayload(ports, job).catch(() => undefined);
  if (inMessage === undefined || inJob === undefined) return [says('the file that holds the payload is gone or damaged', 'bad'), ...edits];
  const lines = diffLines(inMessage, inJob);
  if (lines.length > 0) return [says('the message (-) and its job now (+) differ:', 'wait'), ...lines, ...edits];
  return edits.length === 0 ? [says('as submitted', 'good')] : [says('the same as its job, whose payload was changed after it was submitted:', 'wait'), ...edits];
}

async function editsOf({ events }: Pick<DashboardPorts, 'events'>, { jobId }: Job): Promise<readonly DialogLine[]> {
  const { events: history } = await events.read({ jobId, limit: MAX_EVENTS });
  return history.flatMap(({ type, at, detail }) => {
    const { fromSha256, toSha256, by, operation } = detail;
    if (type !== 'replayed' || typeof fromSha256 !== 'string' || typeof toSha256 !== 'string') return [];
    const whose = [typeof by === 'string' ? ` by ${by}` : '', typeof operation === 'string' ? `, replay ${operation}` : ''].join('');
    return [says(`${new Date(at).toISOString()}  edited${whose}: SHA-256 ${fromSha256.slice(0, 12)} became ${toSha256.slice(0, 12)}`)];
  });
}

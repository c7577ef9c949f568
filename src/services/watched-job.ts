// What the watcher of another system's queue does to one job: records what the broker did, or queues it again.

import { judgeLetter } from '../domain/dead-letters/judge-letter.js';
import { readLetterFacts } from '../domain/dead-letters/letter-facts.js';
import { hasCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { type Change, deadLetter, recover } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { DeadLetter } from '../ports/dead-letter-queue.js';
import { resumeParent } from './fan-in.js';

export type WatchPorts = Pick<Backend, 'store' | 'events' | 'clock'>;

export type LetterEnd =
  | 'nothing'
  /** The job is DeadLettered now; the letter stays for `dlq replay`. */
  | 'recorded'
  /** The job has a new message; the letter is superseded. */
  | 'recovered'
  /** It means nothing any more and can go. */
  | 'over'
  /** Somebody changed the job meanwhile: worth another look. */
  | 'changed';

/** `isHeld`: a live worker says that it runs the job. It may still end it, so nothing is recorded against it. */
export async function judgeDeadLetter(ports: WatchPorts, letter: DeadLetter, isHeld: (job: Job) => boolean): Promise<LetterEnd> {
  const facts = readLetterFacts(letter);
  if (facts.jobId === null) return 'nothing';
  const job = await ports.store.get(facts.jobId);
  if (job === undefined) return 'nothing';
  const { reason, description } = letter;
  const now = ports.clock.now();
  const judge = (recoveries: number): ReturnType<typeof judgeLetter> =>
    judgeLetter({ letter: facts, reason, description, job, storeId: ports.store.storeId, recoveries, now });
  // Most letters mean nothing, and reading a history costs.
  const first = judge(0).do;
  if (first === 'nothing') return 'nothing';
  if (first === 'remove') return 'over';
  if (isHeld(job)) return 'changed';
  const verdict = judge(await recoveriesOf(ports, job));
  if (verdict.do === 'nothing' || verdict.do === 'remove') return 'nothing';
  if (verdict.do === 'recover') return (await save(ports, recover(job, now, verdict.reason))) ? 'recovered' : 'changed';
  return (await save(ports, deadLetter(job, now, verdict.error))) ? 'recorded' : 'changed';
}

/** How often the job's present run was queued again by a watcher. */
export async function recoveriesOf({ events }: Pick<Backend, 'events'>, { jobId }: Job): Promise<number> {
  let count = 0;
  for (let after: string | undefined; ; ) {
    const page = await events.read({ jobId, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { type } of page.events) {
      if (type === 'retried' || type === 'replayed') count = 0;
      if (type === 'recovered') count += 1;
    }
    if (page.events.length < PAGE) return count;
    after = page.cursor;
  }
}

const PAGE = 500;

/**
 * False when somebody saved the job since it was read. If the process dies between the save and the look at the parent,
 * workers look for parents that nobody woke.
 */
export async function save(ports: Pick<Backend, 'store' | 'clock'>, change: Change): Promise<boolean> {
  let job: Job;
  try {
    job = await ports.store.save(change);
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return false;
    throw error;
  }
  if (job.status === 'DeadLettered' && job.parentJobId !== null) await resumeParent(ports, job.parentJobId);
  return true;
}

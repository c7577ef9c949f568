// The root views with little to do of their own: Overview, Workers, Log.

import { shellWord } from '../../domain/dead-letters/selection.js';
import { shortId } from '../../domain/ids.js';
import type { QueueStat } from '../../services/queue-stats.js';
import type { PickDialog } from '../dialogs.js';
import { ago } from '../figures.js';
import type { Action } from '../keymap.js';
import { EMPTY_LIST, QUEUE_SORTS, WORKER_SORTS, type Model } from '../model.js';
import { logRows, queueRows, selectedOf, sortedQueueNames, sortedWorkerIds, workerRows } from '../rows.js';
import { beginPlainly } from './changes.js';
import { goRoot, openJob, showDead, showJobs, toNewestLine } from './places.js';
import { settleList } from './list.js';
import { typedText } from './edit-text.js';
import { copyText, flash, stay, withList, type Handlers } from './step.js';

export const overviewActions: Handlers<Action, 'overview'> = {
  'overview.open': (model) => {
    const queue = selectedQueue(model);
    return stay(queue === undefined ? model : showJobs(model, queueFilter(queue.name)));
  },
  'overview.dead': (model) => stay(showDead(model, selectedQueue(model)?.name ?? null)),
  'overview.sort': (model) => {
    const queueSort = QUEUE_SORTS[(QUEUE_SORTS.indexOf(model.queueSort) + 1) % QUEUE_SORTS.length] ?? 'depth';
    const sorted = { ...model, queueSort };
    return stay(settleList({ ...sorted, queueOrder: sortedQueueNames(sorted) }, 'overview'));
  },
  'overview.filter': (model) => stay({ ...model, prompt: { kind: 'filter', ...typedText(model.queueFilter), problem: null }, flash: null }),
  'overview.pause': (model, at) => {
    const queue = selectedQueue(model);
    if (queue === undefined) return stay(model);
    const { name, paused } = queue;
    const lines = paused ? ['Workers take its messages again.'] : ['Workers take no more of its messages. What they hold goes on, and sending goes on.'];
    return beginPlainly(model, {
      title: paused ? `Resume ${name}` : `Pause ${name}`,
      lines,
      verb: paused ? 'resume' : 'pause',
      words: `queues ${paused ? 'resume' : 'pause'} ${shellWord(name)}`,
      change: { t: paused ? 'resume-queue' : 'pause-queue', queue: name },
    }, at);
  },
};

export const workersActions: Handlers<Action, 'workers'> = {
  'workers.sort': (model) => {
    const workerSort = WORKER_SORTS[(WORKER_SORTS.indexOf(model.workerSort) + 1) % WORKER_SORTS.length] ?? 'state';
    const sorted = { ...model, workerSort };
    return stay(settleList({ ...sorted, workerOrder: sortedWorkerIds(sorted) }, 'workers'));
  },
  'workers.open': (model) => {
    const worker = selectedOf(workerRows(model), ({ workerId }) => workerId, model.lists.workers.selected);
    const [first, second] = worker?.running ?? [];
    if (worker === undefined || first === undefined) return stay(flash(model, 'plain', 'it runs nothing now'));
    if (second === undefined) return stay(openJob(model, first.jobId));
    const dialog: PickDialog = {
      kind: 'pick',
      title: `Running in ${worker.workerId}`,
      items: worker.running.map(({ jobId, type, startedAt }) => ({ label: shortId(jobId), detail: `${type}, for ${ago(model.now - startedAt)}`, choice: { kind: 'job', jobId } })),
      index: 0,
      otherwise: null,
    };
    return stay({ ...model, dialog });
  },
  'workers.drain': (model, at) => {
    const worker = selectedOf(workerRows(model), ({ workerId }) => workerId, model.lists.workers.selected);
    if (worker === undefined) return stay(model);
    return beginPlainly(model, {
      title: `Drain ${worker.workerId}`,
      lines: [`It takes no more, finishes what it holds (${worker.running.length}), and ends.`],
      verb: 'drain',
      words: `worker drain ${shellWord(worker.workerId)}`,
      change: { t: 'drain-worker', workerId: worker.workerId },
    }, at);
  },
  'workers.log': (model) => {
    const { selected } = model.lists.workers;
    if (selected === null) return stay(model);
    return stay(goRoot(withList({ ...model, log: { ...model.log, filter: selected, follow: true } }, 'log', EMPTY_LIST), 'log'));
  },
  'workers.copy': (model) => copyText(model, model.lists.workers.selected ?? undefined),
};

export const logActions: Handlers<Action, 'log'> = {
  'log.open': (model) => {
    const entry = selectedOf(logRows(model), ({ id }) => id, model.lists.log.selected);
    const jobId = entry?.jobId ?? null;
    return stay(jobId === null ? flash(model, 'plain', 'the line is about no job') : openJob(model, jobId));
  },
  'log.follow': (model) => stay(toNewestLine({ ...model, log: { ...model.log, follow: !model.log.follow } })),
  'log.filter': (model) => stay({ ...model, prompt: { kind: 'filter', ...typedText(model.log.filter), problem: null }, flash: null }),
  'log.copy': (model) => copyText(model, selectedOf(logRows(model), ({ id }) => id, model.lists.log.selected)?.text),
};

/** Undefined where the filter leaves none. */
function selectedQueue(model: Model): QueueStat | undefined {
  return selectedOf(queueRows(model), ({ name }) => name, model.lists.overview.selected);
}

/** `queue = evaluation-jobs`. */
export function queueFilter(name: string): string {
  return `queue = ${/^[A-Za-z][\w-]*$/.test(name) ? name : JSON.stringify(name)}`;
}

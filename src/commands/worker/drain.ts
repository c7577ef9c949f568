// `copiloteval worker drain`: asks a worker, wherever it runs, to take no more jobs, end what it holds and stop.

import { AppError } from '../../domain/errors.js';
import { nearest } from '../../domain/nearest.js';
import { WORKER_GONE_AFTER_MS, type WorkerRecord } from '../../ports/worker-registry.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { argument, type OptionValues } from '../option-specs.js';

const options = { reasonText: reasonTextOption };

export const workerDrainCommand = defineCommand({
  path: ['worker', 'drain'],
  summary: 'Ask a worker to end what it runs and stop',
  description: 'The worker hears of it with its next sign of life, within two seconds. The end of its id is enough.',
  examples: ['copiloteval worker drain 41f7', 'copiloteval worker drain build-3-1204-41f7'],
  arguments: { id: argument('id of the worker, or its end (see `copiloteval worker list`)') },
  options,
  changes: true,
  run: ({ id }, given, context) => runWorkerDrain(id, given, context),
});

async function runWorkerDrain(id: string, { reasonText }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io } = context;
  const { workers, clock } = await context.runtime();
  requireReason(reasonText, context);
  const worker = chooseWorker(id, await workers.list(), clock.now());
  const drain = async (): Promise<void> => {
    if (!(await workers.requestDrain(worker.workerId))) throw unknownWorker(id, []);
  };
  await audited(reasonText, context, drain, () => ({ changed: 1, failed: 0 }));
  const { workerId, running } = worker;
  io.print({ json: { workerId, drainRequested: true, running: running.length }, text: `${workerId} drains; ${running.length} running` });
}

/** Throws WORKER_NOT_FOUND, also for a worker that is gone and for an end that fits several. */
function chooseWorker(id: string, records: readonly WorkerRecord[], now: number): WorkerRecord {
  const alive = records.filter(({ heartbeatAt }) => now - heartbeatAt <= WORKER_GONE_AFTER_MS);
  const found = alive.filter(({ workerId }) => workerId === id || (id.length >= 4 && workerId.endsWith(id)));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) {
    throw new AppError('WORKER_NOT_FOUND', `${JSON.stringify(id)} fits ${found.length} workers: ${found.map(({ workerId }) => workerId).join(', ')}`, { hint: 'type more of the id' });
  }
  const gone = records.find(({ workerId }) => workerId === id || workerId.endsWith(id));
  if (gone !== undefined) {
    throw new AppError('WORKER_NOT_FOUND', `worker ${gone.workerId} is gone: it has not been heard of for ${Math.round((now - gone.heartbeatAt) / 1000)} s`, {
      hint: 'what it held runs again elsewhere when its locks end',
    });
  }
  throw unknownWorker(id, alive);
}

function unknownWorker(id: string, alive: readonly WorkerRecord[]): AppError {
  const near = nearest(id, alive.map(({ workerId }) => workerId));
  return new AppError('WORKER_NOT_FOUND', `no worker has the id ${JSON.stringify(id)}`, {
    hint: near === undefined ? 'see the workers with `copiloteval worker list`' : `did you mean \`${near}\`?`,
  });
}

// `fail`: a job that goes wrong in the chosen way. For drills and tests.

import { PermanentError } from '../../domain/errors.js';
import { defineHandler } from '../handler.js';
import { type FailPayload, parseFailPayload } from './payloads/fail.js';

class DrillError extends Error {
  readonly code = 'DRILL_FAILURE';
}

export const failHandler = defineHandler<FailPayload>({
  type: 'fail',
  parse: parseFailPayload,
  run({ job, attempt }, { mode, times, message }) {
    // Starts are counted over the job's whole life: a replay after `times` failures meets a world that is mended.
    if (times !== undefined && job.runEpoch > times) return Promise.resolve({ result: { failedAttempts: times } });
    // Not exit(): nothing of the process may run any more, as after a power cut.
    if (mode === 'crash') process.kill(process.pid, 'SIGKILL');
    const text = message ?? `failed on purpose (${mode}, attempt ${attempt})`;
    return Promise.reject(mode === 'permanent' ? new PermanentError(text, { code: 'DRILL_FAILURE' }) : new DrillError(text));
  },
});

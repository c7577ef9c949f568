// `sleep`: waits and ends. For drills, tests and measurements.

import { setTimeout } from 'node:timers/promises';

import { defineHandler } from '../handler.js';
import { parseSleepPayload, type SleepPayload } from './payloads/sleep.js';

export const sleepHandler = defineHandler<SleepPayload>({
  type: 'sleep',
  parse: parseSleepPayload,
  async run({ signal }, { ms }) {
    await setTimeout(ms, undefined, { signal });
    return { result: { sleptMs: ms } };
  },
});

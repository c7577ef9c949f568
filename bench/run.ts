// `npm run bench`: every figure beside its reference from the same run, as JSON lines.
// `--short` runs everything once, small: it shows that nothing breaks, its times mean nothing.
// `--only NAME` runs one case.

import { benchCosmos } from './cases/cosmos.js';
import { benchDashboard } from './cases/dashboard.js';
import { benchEmulator } from './cases/emulator.js';
import { benchEvaluation } from './cases/evaluation.js';
import { benchManyStored } from './cases/many-stored.js';
import { benchServiceBus } from './cases/service-bus.js';
import { benchServiceBusJobs } from './cases/service-bus-jobs.js';
import { benchStartUp } from './cases/start-up.js';
import { benchThroughput } from './cases/throughput.js';
import { benchWakeUp } from './cases/wake-up.js';

const args = process.argv.slice(2);
const short = args.includes('--short');
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;

const CASES: Readonly<Record<string, () => void | Promise<void>>> = {
  'start-up': () => benchStartUp(short ? 2 : 25),
  throughput: () => benchThroughput(short ? 1000 : 50_000, short ? 1 : 3),
  'wake-up': () => benchWakeUp(short ? 3 : 60, short ? 1 : 20),
  dashboard: () => benchDashboard(short ? { starts: 2, jobs: 1000, keys: 10, seconds: 2, frames: 100 } : { starts: 20, jobs: 100_000, keys: 200, seconds: 60, frames: 14_400 }),
  emulator: () => benchEmulator(short ? 500 : 50_000, short ? 5 : 300),
  'service-bus': () => benchServiceBus({ messages: short ? 300 : 10_000, letters: short ? 200 : 10_000, latencies: short ? 5 : 200, rounds: short ? 1 : 3 }),
  'service-bus-jobs': () => benchServiceBusJobs({ jobs: short ? 200 : 30_000, letters: short ? 100 : 10_000, rounds: short ? 1 : 3 }),
  cosmos: () => benchCosmos(short ? 100 : 3_000),
  evaluation: () => benchEvaluation(short ? 200 : 10_000),
  'many-stored': () => benchManyStored(short ? 2000 : 1_000_000, short ? 500 : 100_000, short ? 200 : 10_000),
};

if (only !== undefined && CASES[only] === undefined) throw new Error(`--only takes one of ${Object.keys(CASES).join(', ')}, got ${only}`);
for (const [name, run] of Object.entries(CASES)) {
  if (only === undefined || only === name) await run();
}

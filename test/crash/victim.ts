// The program with one difference: it kills itself with SIGKILL at a chosen call of a port, before or after it.
// CRASH_AT=store.save#3:after means: when the third save has resolved, the process is gone. Nothing else is changed.
// STOP_AT is the same with SIGSTOP: the process stands still until SIGCONT.
// CRASH_TRACE=file names every call of a port in that file, one a line: what there is to be killed at.

import { main } from '../../src/cli.js';
import type { Config } from '../../src/config/config.js';
import { processStreams } from '../../src/output/streams.js';
import { processSignals } from '../../src/process-main.js';
import { openRuntime } from '../../src/runtime.js';
import { mine } from './mine.js';

process.exitCode = await main({
  argv: process.argv.slice(2),
  streams: processStreams(process),
  env: process.env,
  cwd: process.cwd(),
  signals: processSignals,
  openRuntime: async (config: Config) => mine(await openRuntime(config), process.env),
});

// As victim.ts, for a store whose queue is another system: a second SQLite file beside the database stands for it, and
// answers as badly as FAR_FAULTS says, such as `send:lose-reply=0.1,complete:refuse=0.05`.

import { main } from '../../src/cli.js';
import type { Config } from '../../src/config/config.js';
import { jobTypeSettings } from '../../src/config/job-type-settings.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { processStreams } from '../../src/output/streams.js';
import { processSignals } from '../../src/process-main.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { hybridQueues } from '../../src/runtime/hybrid-queues.js';
import { FarQueue } from '../support/far-queue.js';
import { remoteFile } from './far-file.js';
import { randomFaults } from './far-faults.js';
import { mine } from './mine.js';

process.exitCode = await main({
  argv: process.argv.slice(2),
  streams: processStreams(process),
  env: process.env,
  cwd: process.cwd(),
  signals: processSignals,
  openRuntime: async (config: Config) => mine(await openFar(config), process.env),
});

async function openFar(config: Config): Promise<Runtime> {
  const { adoptOutbox: _none, ...base } = await openRuntime(config);
  const { clock, random } = base;
  const { queues } = jobTypeSettings(config);
  const own = await openSqliteBackend({ file: config.database, queues, clock, random, messages: 'outbox' });
  const remote = await openSqliteBackend({ file: remoteFile(config.database), queues, clock, random });
  const far = new FarQueue(remote.queue);
  far.faults = randomFaults(process.env['FAR_FAULTS'] ?? '');
  return {
    ...base,
    ...own,
    ...hybridQueues({ queue: far, deadLetters: remote.deadLetters, admin: remote.admin }, own),
    localQueue: own.queue,
    local: own,
    source: 'servicebus',
    close: async () => {
      await remote.close();
      await own.close();
      await base.close();
    },
  };
}

// A process of its own on the queues of one file, for tests that need several. Arguments: file, queue, what to do.
// `hold`: takes one message, says its id and stays. `drain`: takes and completes messages, says each id, and ends with one
// whose id begins with `end`.

import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { systemClock } from '../../src/ports/clock.js';

const [file = '', queue = '', what = ''] = process.argv.slice(2);
const backend = await openSqliteBackend({ file, queues: [], clock: systemClock, random: Math.random });

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (what === 'hold') {
  const [delivery] = await backend.queue.receive({ queue, max: 1, waitMs: 10_000 });
  say(`holds ${delivery?.message.messageId}`);
  await new Promise(() => setInterval(() => undefined, 60_000));
}

say('ready');
for (let ended = false; !ended; ) {
  const deliveries = await backend.queue.receive({ queue, max: 4, waitMs: 10_000 });
  const ends = deliveries.filter(({ message }) => message.messageId.startsWith('end'));
  const taken = deliveries.filter((delivery) => !ends.includes(delivery));
  for (const { message } of taken) say(`took ${message.messageId} ${message.deliveryCount}`);
  await Promise.all([...taken, ...ends.slice(0, 1)].map((delivery) => delivery.complete()));
  // One end for each process.
  await Promise.all(ends.slice(1).map((delivery) => delivery.release(0)));
  ended = ends.length > 0;
}
await backend.close();

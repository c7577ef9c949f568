// Ends what waits for the service when this process closes its side: pauses between tries, limits of time, requests for
// administration. Each would keep the process alive, some of them for ten seconds, for an answer that nobody reads.

import { setMaxListeners } from 'node:events';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { linkedAbort } from '../../ports/linked-abort.js';
import type { CallOptions, QueueAdministration } from './queue-administration.js';

export function closingSignal(): AbortController {
  const closing = new AbortController();
  // One listener for each call and pause that is under way.
  setMaxListeners(0, closing.signal);
  return closing;
}

/** Its sleeps end with the signal, as if their time was up. */
export function clockEndingWith(clock: Clock, closing: AbortSignal): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      const linked = linkedAbort(closing, ...(signal === undefined ? [] : [signal]));
      await clock.sleep(ms, linked.signal);
      linked.letGo();
    },
  };
}

/** Its requests are cut off by the signal, and none begins after it: BACKEND_UNAVAILABLE. */
export function administrationEndingWith(administration: QueueAdministration, closing: AbortSignal): QueueAdministration {
  const call = async <T>({ signal }: CallOptions, ask: (options: CallOptions) => Promise<T>): Promise<T> => {
    const linked = linkedAbort(closing, ...(signal === undefined ? [] : [signal]));
    try {
      if (closing.aborted) throw new AppError('BACKEND_UNAVAILABLE', 'the connection to Service Bus was closed by this process');
      return await ask({ signal: linked.signal });
    } finally {
      linked.letGo();
    }
  };
  return {
    source: administration.source,
    list: (options) => call(options, (linked) => administration.list(linked)),
    get: (name, options) => call(options, (linked) => administration.get(name, linked)),
    create: (name, settings, options) => call(options, (linked) => administration.create(name, settings, linked)),
    update: (name, settings, options) => call(options, (linked) => administration.update(name, settings, linked)),
    namespace: (options) => call(options, (linked) => administration.namespace(linked)),
  };
}

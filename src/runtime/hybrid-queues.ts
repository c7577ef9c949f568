// The queues of Service Bus and the store's own ones as one set: those of the store are named `NAME@local`.

import { isLocalQueueName, localQueueName, withoutLocal } from '../domain/local-queue-name.js';
import type { DeadLetter, DeadLetterQueue, TakenLetter } from '../ports/dead-letter-queue.js';
import type { MessageQueue, OutgoingMessage } from '../ports/message-queue.js';
import type { QueueAdmin, QueueInfo } from '../ports/queue-admin.js';

export interface QueuePorts {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
}

export function hybridQueues(remote: QueuePorts, local: QueuePorts): QueuePorts {
  return { queue: hybridQueue(remote, local), deadLetters: hybridDeadLetters(remote, local), admin: hybridAdmin(remote, local) };
}

/** Receiving is from the remote queue; workers read the local one beside it by themselves. */
function hybridQueue({ queue: remote }: QueuePorts, { queue: local }: QueuePorts): MessageQueue {
  return {
    send: async (messages, options) => {
      const forLocal = messages.filter(({ queue }) => isLocalQueueName(queue));
      const forRemote = messages.filter(({ queue }) => !isLocalQueueName(queue));
      // Dying between the two sends the rest again when the caller is repeated; ids stay the same.
      if (forLocal.length > 0) await local.send(forLocal.map((message): OutgoingMessage => ({ ...message, queue: withoutLocal(message.queue) })));
      if (forRemote.length > 0) await remote.send(forRemote, options);
    },
    receive: (params) => (isLocalQueueName(params.queue) ? local.receive({ ...params, queue: withoutLocal(params.queue) }) : remote.receive(params)),
  };
}

function hybridDeadLetters({ deadLetters: remote }: QueuePorts, { deadLetters: local }: QueuePorts): DeadLetterQueue {
  return {
    peek: async (params) => {
      if (!isLocalQueueName(params.queue)) return remote.peek(params);
      const { letters, nextCursor } = await local.peek({ ...params, queue: withoutLocal(params.queue) });
      return { letters: letters.map(asLocal), nextCursor };
    },
    take: (params) => (isLocalQueueName(params.queue) ? takeLocal(local.take({ ...params, queue: withoutLocal(params.queue) })) : remote.take(params)),
    restore: (letters, options) => {
      // The letters of one call come from one queue.
      const fromLocal = letters.every(({ queue }) => isLocalQueueName(queue));
      return fromLocal ? local.restore(letters.map((letter) => ({ ...letter, queue: withoutLocal(letter.queue) }))) : remote.restore(letters, options);
    },
    count: (queue) => (isLocalQueueName(queue) ? local.count(withoutLocal(queue)) : remote.count(queue)),
  };
}

async function* takeLocal(taken: AsyncIterable<TakenLetter>): AsyncGenerator<TakenLetter> {
  for await (const item of taken) yield item.kind === 'held' ? { ...item, letter: asLocal(item.letter) } : item;
}

function asLocal(letter: DeadLetter): DeadLetter {
  return { ...letter, queue: localQueueName(letter.queue) };
}

function hybridAdmin({ admin: remote }: QueuePorts, { admin: local }: QueuePorts): QueueAdmin {
  const of = (name: string): QueueAdmin => (isLocalQueueName(name) ? local : remote);
  return {
    list: async (names) => {
      const localNames = names?.filter(isLocalQueueName).map(withoutLocal);
      const remoteNames = names?.filter((name) => !isLocalQueueName(name));
      const [there, here] = await Promise.all([
        remoteNames?.length === 0 ? [] : remote.list(remoteNames),
        localNames?.length === 0 ? [] : local.list(localNames),
      ]);
      const shown = names === undefined ? here.filter(holdsSomething) : here;
      return [...there, ...shown.map((info) => ({ ...info, name: localQueueName(info.name) }))].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    create: (settings) => of(settings.name).create({ ...settings, name: withoutLocal(settings.name) }),
    pause: (name, by) => of(name).pause(withoutLocal(name), by),
    resume: (name) => of(name).resume(withoutLocal(name)),
    ...(remote.plan === undefined ? {} : { plan: remote.plan.bind(remote) }),
    ...(remote.setStatus === undefined ? {} : { setStatus: remote.setStatus.bind(remote) }),
  };
}

/** The registry's queues all have a twin in the store: an empty one is nobody's business. */
function holdsSomething({ counts }: QueueInfo): boolean {
  return counts.active + counts.locked + counts.scheduled + counts.deadLetter > 0;
}

// How the store's own queue is named beside a queue of the same name on another system: `evaluation-jobs@local`. No queue
// of either system has an `@` in its name.

const SUFFIX = '@local';

export function localQueueName(queue: string): string {
  return isLocalQueueName(queue) ? queue : `${queue}${SUFFIX}`;
}

export function isLocalQueueName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** The queue that both share. */
export function withoutLocal(name: string): string {
  return isLocalQueueName(name) ? name.slice(0, -SUFFIX.length) : name;
}

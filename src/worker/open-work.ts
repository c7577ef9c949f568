// Whether a worker with `--drain` is done: by the store, not by an empty queue, since retries and parents wait elsewhere.

import type { Backend } from '../ports/backend.js';

export interface WorkLeft {
  readonly done: boolean;
  /** First attempts that are due later: they do not hold a drain up. */
  readonly delayed: number;
  /** Queues that cannot be drained because they are paused. */
  readonly paused: readonly string[];
}

export async function workLeft(backend: Pick<Backend, 'store' | 'admin' | 'pauses'>, queues: readonly string[]): Promise<WorkLeft> {
  const all = await openWork(backend, queues);
  if (all.done) return { ...all, paused: [] };
  const paused = await pausedOf(backend, queues);
  if (paused.length === 0) return { ...all, paused };
  const going = queues.filter((name) => !paused.includes(name));
  return { ...(going.length === 0 ? { done: true, delayed: all.delayed } : await openWork(backend, going)), paused };
}

/** The flags alone where they can be had: asking another system for its queues this often would cost. */
async function pausedOf({ admin, pauses }: Pick<Backend, 'admin' | 'pauses'>, queues: readonly string[]): Promise<readonly string[]> {
  if (pauses !== undefined) {
    const flags = await pauses.list();
    return queues.filter((name) => flags.has(name));
  }
  return (await admin.list(queues)).filter((queue) => queue.pausedAt !== null).map((queue) => queue.name);
}

async function openWork({ store }: Pick<Backend, 'store'>, queues: readonly string[]): Promise<{ done: boolean; delayed: number }> {
  const { ready, locked, retries, awaitingChildren, delayed } = await store.openWork(queues);
  return { done: ready + locked + retries + awaitingChildren === 0, delayed };
}

// Queues in a Map, for tests of what stands before the catalog.

import { QUEUE_DEFAULTS, type QueueCatalog, type QueueDefinition, type QueueDescription, type QueueRuntime } from '../../../src/emulator/queue-catalog.js';

export class MemoryCatalog implements QueueCatalog {
  readonly #queues = new Map<string, QueueDescription>();
  readonly #now: () => number;
  /** Counts that tests set, by name. */
  readonly counts = new Map<string, QueueRuntime>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async list(): Promise<QueueDescription[]> {
    return [...this.#queues.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async get(name: string): Promise<QueueDescription | undefined> {
    return this.#queues.get(name.toLowerCase());
  }

  async create(queue: QueueDefinition): Promise<'created' | 'exists'> {
    if (this.#queues.has(queue.name.toLowerCase())) return 'exists';
    const at = this.#now();
    this.#queues.set(queue.name.toLowerCase(), { ...QUEUE_DEFAULTS, ...queue, createdAt: at, updatedAt: at, accessedAt: at });
    return 'created';
  }

  async update(queue: QueueDefinition): Promise<boolean> {
    const before = this.#queues.get(queue.name.toLowerCase());
    if (before === undefined) return false;
    this.#queues.set(queue.name.toLowerCase(), { ...before, ...queue, name: before.name, updatedAt: this.#now() });
    return true;
  }

  async delete(name: string): Promise<boolean> {
    return this.#queues.delete(name.toLowerCase());
  }

  async runtime(name: string): Promise<QueueRuntime | undefined> {
    if (!this.#queues.has(name.toLowerCase())) return undefined;
    return this.counts.get(name) ?? { active: 0, deadLetter: 0, scheduled: 0, transfer: 0, sizeInBytes: 0 };
  }
}

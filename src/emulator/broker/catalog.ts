// The QueueCatalog of the emulator's file. An entity is two queues of the core; its description is in the first one's
// columns and attributes.

import { AppError } from '../../domain/errors.js';
import type { BrokerQueue, BrokerQueueSettings } from '../../drivers/sqlite/broker/broker-queues.js';
import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import type { Writer } from '../../drivers/sqlite/writer.js';
import { QUEUE_DEFAULTS, type QueueCatalog, type QueueDefinition, type QueueDescription, type QueueRuntime } from '../queue-catalog.js';
import type { BrokerState } from './broker-state.js';
import { type Entity, entityKey, lettersKey, rowIdRange } from './entity.js';

/** The names the service takes. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/;

/** What the core's columns do not hold. */
type Attributes = Pick<
  QueueDescription,
  'name' | 'requiresDuplicateDetection' | 'duplicateWindowMs' | 'maxSizeMb' | 'maxMessageBytes' | 'status' | 'userMetadata' | 'createdAt' | 'updatedAt'
>;

const DELETE_MESSAGES = 'DELETE FROM broker_messages WHERE seq >= ? AND seq < ?';
const DELETE_QUEUE = 'DELETE FROM broker_queues WHERE id = ?';
const DELETE_FIGURES = 'DELETE FROM emulator_figures WHERE queue_id = ?';
const DELETE_DUPLICATES = 'DELETE FROM emulator_duplicates WHERE queue_id = ?';

export class BrokerCatalog implements QueueCatalog {
  readonly #state: BrokerState;
  readonly #writer: Writer;
  readonly #changed: (entity: Entity) => void;

  /** `changed` is told after a queue was updated or deleted. */
  constructor(state: BrokerState, writer: Writer, changed: (entity: Entity) => void) {
    this.#state = state;
    this.#writer = writer;
    this.#changed = changed;
  }

  /** Before anything else uses the file. */
  load(): void {
    const queues = new Map(this.#state.core.queues.list().map((queue) => [queue.name, queue]));
    for (const queue of queues.values()) {
      const letters = queues.get(lettersKey(queue.name));
      if (letters !== undefined) this.#remember(queue, letters);
    }
  }

  async list(): Promise<QueueDescription[]> {
    const queues = [...this.#state.entities.values()].map((entity) => this.#described(entity));
    return queues.sort((a, b) => (entityKey(a.name) < entityKey(b.name) ? -1 : 1));
  }

  async get(name: string): Promise<QueueDescription | undefined> {
    const entity = this.#state.entities.get(entityKey(name));
    return entity && this.#described(entity);
  }

  async create(definition: QueueDefinition): Promise<'created' | 'exists'> {
    if (!NAME.test(definition.name)) {
      throw new AppError('INPUT_INVALID', `queue name: expected letters, digits, '.', '_', '-' and '/', got ${JSON.stringify(definition.name)}`, {
        hint: 'a name has at most 260 characters and starts and ends with a letter or digit',
      });
    }
    const made = await this.#writer.write((db) => {
      const { core, ledger, clock } = this.#state;
      if (core.queues.find(entityKey(definition.name)) !== undefined) return undefined;
      const now = clock.now();
      const description = { ...QUEUE_DEFAULTS, ...definition, createdAt: now, updatedAt: now, accessedAt: now };
      const queues = this.#save(description);
      for (const { name, id } of queues) ledger.open(db, { coreName: name, queueId: id, now });
      return queues;
    });
    if (made === undefined) return 'exists';
    this.#remember(...made);
    return 'created';
  }

  async update(definition: QueueDefinition): Promise<boolean> {
    const key = entityKey(definition.name);
    const entity = this.#state.entities.get(key);
    if (entity === undefined) return false;
    const { name, requiresDuplicateDetection } = entity.description;
    const description = await this.#writer.write(() => {
      if (entity.deleted) return undefined;
      const changed = { ...entity.description, ...definition, name, requiresDuplicateDetection, updatedAt: this.#state.clock.now() };
      this.#save(changed);
      return changed;
    });
    if (description === undefined) return false;
    entity.description = description;
    this.#changed(entity);
    return true;
  }

  async delete(name: string): Promise<boolean> {
    const entity = this.#state.entities.get(entityKey(name));
    if (entity === undefined) return false;
    const subQueues = [entity.messages, entity.letters];
    const gone = await this.#writer.write((db) => {
      if (entity.deleted) return false;
      for (const queue of subQueues) {
        const { from, end } = rowIdRange(queue, 0);
        prepared(db, DELETE_MESSAGES).run(from, end);
        for (const sql of [DELETE_FIGURES, DELETE_DUPLICATES, DELETE_QUEUE]) prepared(db, sql).run(queue.id);
      }
      return true;
    });
    if (!gone || entity.deleted) return false;
    entity.deleted = true;
    this.#state.entities.delete(entity.messages.coreName);
    for (const { coreName } of subQueues) this.#state.subQueues.delete(coreName);
    for (const { coreName } of subQueues) this.#state.ledger.close(coreName);
    this.#changed(entity);
    return true;
  }

  async runtime(name: string): Promise<QueueRuntime | undefined> {
    const entity = this.#state.entities.get(entityKey(name));
    if (entity === undefined) return undefined;
    const messages = this.#state.ledger.figures(entity.messages.coreName);
    const letters = this.#state.ledger.figures(entity.letters.coreName);
    return {
      active: messages.active + messages.locked + messages.deferred,
      deadLetter: letters.active + letters.locked + letters.deferred,
      scheduled: messages.scheduled,
      transfer: 0,
      sizeInBytes: messages.bytes + letters.bytes,
    };
  }

  #described(entity: Entity): QueueDescription {
    const { accessedAt } = this.#state.ledger.figures(entity.messages.coreName);
    return { ...entity.description, accessedAt };
  }

  /** Inside an operation. */
  #save(description: QueueDescription): [messages: BrokerQueue, letters: BrokerQueue] {
    const { queues } = this.#state.core;
    const { lockMs, ttlMs, maxDeliveryCount, deadLetterOnExpiration } = description;
    const messages: BrokerQueueSettings = {
      name: entityKey(description.name),
      lockMs,
      ttlMs,
      maxDeliveryCount,
      deadLetterOnExpiration,
      attributes: JSON.stringify(attributesOf(description)),
    };
    const name = lettersKey(description.name);
    const letters: BrokerQueueSettings = { name, lockMs, ttlMs: null, maxDeliveryCount: null, deadLetterOnExpiration: false, attributes: '{}' };
    queues.create(messages);
    queues.create(letters);
    return [queues.require(messages.name), queues.require(letters.name)];
  }

  #remember(queue: BrokerQueue, letters: BrokerQueue): void {
    const entity: Entity = {
      description: descriptionOf(queue),
      deleted: false,
      get messages() {
        return messages;
      },
      get letters() {
        return dead;
      },
    };
    const messages = { entity, kind: 'messages', id: queue.id, coreName: queue.name } as const;
    const dead = { entity, kind: 'letters', id: letters.id, coreName: letters.name } as const;
    this.#state.entities.set(queue.name, entity);
    for (const subQueue of [messages, dead]) this.#state.subQueues.set(subQueue.coreName, subQueue);
  }
}

function attributesOf(description: QueueDescription): Attributes {
  const { name, requiresDuplicateDetection, duplicateWindowMs, maxSizeMb, maxMessageBytes, status, userMetadata, createdAt, updatedAt } = description;
  return { name, requiresDuplicateDetection, duplicateWindowMs, maxSizeMb, maxMessageBytes, status, userMetadata, createdAt, updatedAt };
}

function descriptionOf({ lockMs, ttlMs, maxDeliveryCount, deadLetterOnExpiration, attributes }: BrokerQueue): QueueDescription {
  const kept = JSON.parse(attributes) as Attributes;
  const max = maxDeliveryCount ?? QUEUE_DEFAULTS.maxDeliveryCount;
  return { ...kept, lockMs, ttlMs, maxDeliveryCount: max, deadLetterOnExpiration, accessedAt: kept.createdAt };
}

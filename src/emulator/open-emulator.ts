// Opens the emulator's AMQP side: a broker over its file, and a server before it.

import { createServer, type Server } from 'node:net';

import type { Clock } from '../ports/clock.js';
import { ClientConnection } from './amqp/client-connection.js';
import { CONDITIONS, entityDisabled, entityNotFound } from './amqp/conditions.js';
import type { AmqpContext } from './amqp/context.js';
import type { LinkKind } from './amqp/link-router.js';
import { Pumps } from './amqp/pump.js';
import type { AmqpError } from './amqp/rhea.js';
import { Alarm } from './broker/alarm.js';
import type { EmulatorBroker } from './broker/emulator-broker.js';
import type { Entity } from './broker/entity.js';
import { openBroker } from './broker/open-broker.js';
import type { EmulatorLog } from './emulator-log.js';
import type { Faults } from './faults.js';
import type { QueueCatalog, QueueDefinition, QueueStatus } from './queue-catalog.js';
import type { AccessKey } from './sas/access-key.js';

export interface OpenEmulator {
  readonly file: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly keys: readonly AccessKey[];
  /** Made when they are not there; ones that are keep their settings. */
  readonly queues: readonly QueueDefinition[];
  readonly faults: Pick<Faults, 'draw'>;
  readonly clock: Clock;
  readonly log: EmulatorLog;
  /** A peer that is silent for twice as long is dropped; a minute. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;

export interface EmulatorServer {
  readonly port: number;
  readonly catalog: QueueCatalog;
  /** Cuts all connections, as a failing network does. */
  dropConnections(): void;
  /** Everything that was accepted is in the file. */
  close(): Promise<void>;
}

/** One emulator per file: the caller sees to that. Errors as openDatabase; those of `listen` as they are. */
export async function openEmulator(options: OpenEmulator): Promise<EmulatorServer> {
  const service = new AmqpService(options);
  await service.open();
  try {
    const port = await service.listen();
    return { port, catalog: service.catalog, dropConnections: () => service.dropConnections(), close: () => service.close() };
  } catch (error) {
    await service.close();
    throw error;
  }
}

class AmqpService {
  readonly #options: OpenEmulator;
  readonly #connections = new Set<ClientConnection>();
  readonly #server: Server;
  /** Rings when a token ends. */
  readonly #tokens: Alarm;
  #context: AmqpContext | undefined;

  constructor(options: OpenEmulator) {
    this.#options = options;
    // Small frames must not wait for each other's acknowledgement.
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#context === undefined) return void socket.destroy();
      const connection: ClientConnection = new ClientConnection(socket, this.#context, {
        changed: () => this.#tokens.notLaterThan(connection.nextExpiry),
        closed: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
    });
    this.#tokens = new Alarm(options.clock, () => this.#endTokens());
  }

  get catalog(): QueueCatalog {
    return this.#opened.broker.catalog;
  }

  async open(): Promise<void> {
    const { file, queues, clock, log, keys, faults, idleMs = IDLE_MS } = this.#options;
    const broker: EmulatorBroker = await openBroker({
      file,
      queues,
      clock,
      gained: (names) => this.#wake(names),
      changed: (entity) => this.#changed(entity),
      problem: (error) => log.error({ err: error }, 'the emulator could not do what was due'),
    });
    this.#context = { broker, pumps: new Pumps({ broker, log }), keys, faults, clock, log, idleMs };
  }

  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log.error({ err: error }, 'the emulator cannot take connections'));
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  dropConnections(): void {
    for (const connection of this.#connections) connection.cut();
  }

  async close(): Promise<void> {
    this.#tokens.stop();
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.close({ condition: CONDITIONS.forced, description: 'The emulator is stopped.' });
    await stopped;
    await this.#context?.broker.close();
  }

  get #opened(): AmqpContext {
    if (this.#context === undefined) throw new Error('the broker is not open yet');
    return this.#context;
  }

  #wake(coreNames: readonly string[]): void {
    const { broker, pumps } = this.#context ?? {};
    for (const name of coreNames) {
      const queue = broker?.subQueue(name);
      if (queue !== undefined) pumps?.wake(queue);
    }
  }

  #changed(entity: Entity): void {
    const { description } = entity;
    for (const queue of [entity.messages, entity.letters]) {
      const { kinds, error } = closing(entity);
      for (const connection of this.#connections) connection.closeLinks(queue, kinds, error);
      if (entity.deleted) this.#opened.pumps.forget(queue);
      else this.#opened.pumps.wake(queue);
    }
    this.#options.log.debug({ queue: description.name }, 'a queue was changed');
  }

  #endTokens(): void {
    const now = this.#options.clock.now();
    for (const connection of this.#connections) {
      if (connection.nextExpiry <= now) connection.tokensExpired(now);
      this.#tokens.notLaterThan(connection.nextExpiry);
    }
  }
}

/** Which links to a queue end when it changes, and why. */
function closing({ deleted, description }: Entity): { readonly kinds: readonly LinkKind[]; readonly error: AmqpError } {
  if (deleted) return { kinds: ['send', 'receive', 'node'], error: entityNotFound(description.name) };
  return { kinds: CLOSED_BY_STATUS[description.status], error: entityDisabled(description.name) };
}

/** Messages and requests are refused one by one; a receiver would wait for ever. */
const CLOSED_BY_STATUS: Readonly<Record<QueueStatus, readonly LinkKind[]>> = {
  Active: [],
  Disabled: ['receive'],
  SendDisabled: [],
  ReceiveDisabled: ['receive'],
};

// Opens the emulator's file and puts the broker together.

import { Broker } from '../../drivers/sqlite/broker/broker.js';
import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import { NO_TOKEN } from '../../drivers/sqlite/broker/schema.js';
import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import { type Database, openDatabase } from '../../drivers/sqlite/database.js';
import { Reader } from '../../drivers/sqlite/reader.js';
import { Writer } from '../../drivers/sqlite/writer.js';
import type { Clock } from '../../ports/clock.js';
import type { QueueDefinition } from '../queue-catalog.js';
import { Alarm } from './alarm.js';
import type { BrokerState } from './broker-state.js';
import { BrokerCatalog } from './catalog.js';
import { EmulatorBroker } from './emulator-broker.js';
import type { Entity } from './entity.js';
import { Ledger } from './ledger.js';
import { EMULATOR_APPLICATION_ID, EMULATOR_MIGRATIONS } from './schema.js';
import { readEnvelope } from './stored-message.js';
import { timedRules } from './timed-rules.js';

export interface OpenBroker {
  readonly file: string;
  /** Made when they are not there; one that is keeps its settings. */
  readonly queues: readonly QueueDefinition[];
  readonly clock: Clock;
  /** These queues have messages to hand out that they did not have before. */
  readonly gained: (coreNames: readonly string[]) => void;
  /** A queue was updated or deleted. */
  readonly changed: (entity: Entity) => void;
  /** Something went wrong that no caller waits for. */
  readonly problem: (error: unknown) => void;
}

/** DB_BUSY when another process has the file; errors as openDatabase. */
export async function openBroker(options: OpenBroker): Promise<EmulatorBroker> {
  const db = await openDatabase({ file: options.file, applicationId: EMULATOR_APPLICATION_ID, migrations: EMULATOR_MIGRATIONS });
  try {
    const broker = await assemble(db, options);
    for (const queue of options.queues) await broker.catalog.create(queue);
    return broker;
  } catch (error) {
    db.close();
    throw error;
  }
}

async function assemble(db: Database, options: OpenBroker): Promise<EmulatorBroker> {
  const { clock } = options;
  const ledger = new Ledger();
  const writer = new Writer(db, { collector: ledger });
  const sweep = (): void => void sweepDue(state, writer).catch(options.problem);
  const alarm = new Alarm(clock, sweep);
  const hooks = {
    counted: (queue: string, to: keyof typeof MESSAGE_STATES, delta: number): void => {
      if (to !== 'deadLettered') ledger.count(queue, to, delta);
    },
    moved: (): void => undefined,
  };
  const core = new Broker(db, hooks, timedRules(() => state));
  const state: BrokerState = { db, core, ledger, alarm, clock, entities: new Map(), subQueues: new Map() };
  const catalog = new BrokerCatalog(state, writer, options.changed);
  writer.afterCommit(() => {
    const gained = ledger.committed();
    if (gained.length > 0) options.gained(gained);
  });
  ledger.load(db);
  catalog.load();
  await writer.write(() => releaseLocks(state));
  sweep();
  const close = async (): Promise<void> => {
    alarm.stop();
    await writer.idle();
    db.close();
  };
  return new EmulatorBroker({ state, writer, reader: new Reader(db), catalog, close });
}

const LOCKED = `
SELECT m.seq, q.name AS queue, m.properties FROM broker_messages m JOIN broker_queues q ON q.id = m.queue_id
WHERE m.state = ${MESSAGE_STATES.locked}`;
const RELEASE = `UPDATE broker_messages SET state = ?, token = '${NO_TOKEN}' WHERE seq = ?`;

/**
 * Locks of an earlier process are given back at once: its links are gone, so nobody can settle under them. They do not
 * count as deliveries, because it was not the receiver that failed.
 */
function releaseLocks({ db, ledger }: BrokerState): void {
  for (const { seq, queue, properties } of prepared<{ seq: number; queue: string; properties: string }>(db, LOCKED).all()) {
    const deferred = readEnvelope(properties).deferred === true;
    prepared(db, RELEASE).run(deferred ? MESSAGE_STATES.deferred : MESSAGE_STATES.active, seq);
    ledger.count(queue, 'locked', -1);
    ledger.count(queue, deferred ? 'deferred' : 'active', 1);
  }
}

/** Does what time has brought, in bounded steps, and sets the alarm for what it brings next. */
async function sweepDue({ core, alarm, clock, db }: BrokerState, writer: Writer): Promise<void> {
  const at = db.open ? core.nextTimerAt(clock.now()) : null;
  if (at === null) return;
  if (at > clock.now()) {
    alarm.notLaterThan(at);
    return;
  }
  await writer.write(() => core.sweep(clock.now()));
  // By way of the alarm, so that each step is a transaction of its own and others get their turn.
  alarm.notLaterThan(clock.now());
}

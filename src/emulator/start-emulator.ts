// Starts the whole emulator over one file: AMQP for messages, HTTP for administration, and TLS before both when asked for.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { AppError } from '../domain/errors.js';
import type { Clock } from '../ports/clock.js';
import { type AtomServer, serveAtom } from './atom/serve-atom.js';
import type { EmulatorLog } from './emulator-log.js';
import { type FaultRates, Faults } from './faults.js';
import { claimFile, refuseForeignFile } from './file-claim.js';
import { openEmulator } from './open-emulator.js';
import { portError } from './port-error.js';
import type { QueueCatalog, QueueDefinition } from './queue-catalog.js';
import { type AccessKey, connectionStringOf } from './sas/access-key.js';
import { openTlsFront, type TlsFront, type TlsSettings } from './tls-front.js';

export interface StartEmulator {
  /** Everything is kept in it and in files beside it that begin with its name. */
  readonly file: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0 for these two: any free port. */
  readonly port: number;
  readonly adminPort: number;
  /** At least one; the first is in `connectionString`. */
  readonly keys: readonly [AccessKey, ...AccessKey[]];
  /** Made when they are not there; ones that are keep their settings. */
  readonly queues: readonly QueueDefinition[];
  /** Made when they are not there; ones that are get these settings. */
  readonly declaredQueues?: readonly QueueDefinition[];
  readonly faults?: FaultRates;
  readonly tls?: TlsSettings;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: EmulatorLog;
}

export interface RunningEmulator {
  /** For the AMQP side. */
  readonly connectionString: string;
  /** `http://host:port`. */
  readonly adminEndpoint: string;
  readonly port: number;
  readonly adminPort: number;
  /** Null without a certificate. Serves AMQP and administration. */
  readonly tlsPort: number | null;
  readonly catalog: QueueCatalog;
  /** How often each fault struck so far. */
  readonly faults: Pick<Faults, 'counts'>;
  connectionStringOf(key: AccessKey): string;
  /** For clients that know only TLS. Throws without a certificate. */
  tlsConnectionStringOf(key: AccessKey): string;
  /** Cuts all AMQP connections, as a failing network does. */
  dropConnections(): void;
  /** Ends both sides; everything that was accepted is in the file. */
  close(): Promise<void>;
}

/** Throws EMULATOR_RUNNING, PORT_UNUSABLE, what opening the file throws, and INPUT_INVALID for a declared queue that cannot be. */
export async function startEmulator(options: StartEmulator): Promise<RunningEmulator> {
  refuseForeignFile(options.file);
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const opened: Closable[] = [];
  try {
    return await openAll(options, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

interface Closable {
  close(): Promise<void> | void;
}

/** What was opened last goes first: clients lose their way in before what serves them ends, the claim on the file goes last. */
async function closeAll(opened: Closable[]): Promise<void> {
  for (let part = opened.pop(); part !== undefined; part = opened.pop()) await part.close();
}

async function openAll(options: StartEmulator, opened: Closable[]): Promise<RunningEmulator> {
  const { host, keys, clock, log } = options;
  const claim = claimFile(options.file);
  opened.push({ close: () => claim.release() });
  const faults = new Faults(options.faults ?? {}, options.random);
  const amqp = await openAmqp(options, faults);
  opened.push(amqp);
  for (const queue of options.declaredQueues ?? []) await declareQueue(queue, amqp.catalog);
  const onFailure = (error: unknown): void => log.error({ err: error }, 'an administration request failed');
  const atom = await serveAtom({ host, port: options.adminPort, catalog: amqp.catalog, keys, clock, faults, onFailure });
  opened.push(atom);
  const tls = options.tls && (await openTlsFront(options.tls, host, { host: dialled(host), amqpPort: amqp.port, atomPort: atom.port }));
  if (tls) opened.push(tls);
  return running({ options, amqp, atom, tls, faults, close: () => closeAll(opened) });
}

type Amqp = Awaited<ReturnType<typeof openEmulator>>;

async function openAmqp({ file, host, port, keys, queues, clock, log }: StartEmulator, faults: Faults): Promise<Amqp> {
  try {
    return await openEmulator({ file, host, port, keys, queues, faults, clock, log });
  } catch (error) {
    throw error instanceof AppError || !(error instanceof Error) ? error : portError(error, { host, port, flag: '--port' });
  }
}

/** A crash between two queues leaves the later ones for the next start. */
async function declareQueue(queue: QueueDefinition, catalog: QueueCatalog): Promise<void> {
  if ((await catalog.create(queue)) === 'created') return;
  const there = await catalog.get(queue.name);
  if (queue.requiresDuplicateDetection !== undefined && there?.requiresDuplicateDetection !== queue.requiresDuplicateDetection) {
    throw new AppError('INPUT_INVALID', `the queue ${queue.name} exists with RequiresDuplicateDetection ${String(there?.requiresDuplicateDetection)}, which is fixed when a queue is made`, {
      hint: 'delete the queue first, or start with another `--file`',
    });
  }
  await catalog.update(queue);
}

interface Parts {
  readonly options: StartEmulator;
  readonly amqp: Amqp;
  readonly atom: AtomServer;
  readonly tls: TlsFront | undefined;
  readonly faults: Faults;
  readonly close: () => Promise<void>;
}

function running({ options, amqp, atom, tls, faults, close }: Parts): RunningEmulator {
  const site = publicHost(options.host);
  const ofKey = (key: AccessKey): string => connectionStringOf(endpoint(site, amqp.port, 5672), key, ['UseDevelopmentEmulator=true']);
  return {
    connectionString: ofKey(options.keys[0]),
    adminEndpoint: `http://${site}:${atom.port}`,
    port: amqp.port,
    adminPort: atom.port,
    tlsPort: tls?.port ?? null,
    catalog: amqp.catalog,
    faults,
    connectionStringOf: ofKey,
    tlsConnectionStringOf: (key) => {
      if (tls === undefined) throw new Error('the emulator was started without a certificate');
      // The port always: administration clients take 443 when there is none.
      return connectionStringOf(`sb://${site}:${tls.port}`, key);
    },
    dropConnections: () => amqp.dropConnections(),
    close,
  };
}

function endpoint(site: string, port: number, usual: number): string {
  return port === usual ? `sb://${site}` : `sb://${site}:${port}`;
}

const ANY = new Set(['0.0.0.0', '::', '::0']);
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** The name clients on this machine use. */
function publicHost(host: string): string {
  if (ANY.has(host) || LOOPBACK.has(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** Where the front finds the sides that it stands before. */
function dialled(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return ANY.has(host) ? '::1' : host;
}

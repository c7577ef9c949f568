// What `emulator start` was asked for, as settings of the emulator: keys, queues, faults, certificate.

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { effectiveQueues } from '../../config/effective-queues.js';
import { makeDirectory } from '../../config/make-directory.js';
import { AppError } from '../../domain/errors.js';
import type { QueueDefinition as RegistryQueue } from '../../domain/queue-registry.js';
import type { QueueDefinition } from '../../emulator/queue-catalog.js';
import type { AccessKey } from '../../emulator/sas/access-key.js';
import type { StartEmulator } from '../../emulator/start-emulator.js';
import type { TlsSettings } from '../../emulator/tls-front.js';
import { systemClock } from '../../ports/clock.js';
import type { CommandContext } from '../command.js';
import type { OptionValues } from '../option-specs.js';
import type { emulatorOptions } from './start.js';

export type EmulatorSettings = StartEmulator & {
  /** Where the key is kept that the emulator made for itself; null when keys were given. */
  readonly keyFile: string | null;
};

type Given = OptionValues<typeof emulatorOptions>;

/** Throws USAGE_INVALID, INPUT_INVALID, FILE_UNREADABLE, CONFIG_INVALID or DATA_DIR_UNUSABLE; nothing is listened on yet. */
export async function emulatorSettings(given: Given, context: CommandContext): Promise<EmulatorSettings> {
  const { cwd, place, config } = context;
  const { parseFaults } = await import('../../emulator/faults.js');
  const faults = parseFaults(given.fault);
  const tls = await tlsSettings(given, cwd);
  const declaredQueues = given.queues === undefined ? [] : await readQueues(resolve(cwd, given.queues));
  const queues = await registryQueues(effectiveQueues(config));
  const file = given.file === undefined ? resolve(place.dataDir, 'emulator.db') : resolve(cwd, given.file);
  const { refuseForeignFile } = await import('../../emulator/file-claim.js');
  // Before anything is put beside a file that was named by mistake.
  refuseForeignFile(file);
  makeDirectory(dirname(file));
  const { keys, keyFile } = await accessKeys(given.key, file);
  return {
    ...{ file, keyFile, keys, queues, declaredQueues, faults },
    ...(tls && { tls }),
    ...{ host: given.host, port: given.port, adminPort: given.adminPort },
    clock: systemClock,
    random: Math.random,
    log: await openLog(context),
  };
}

async function tlsSettings({ tlsCert, tlsKey, tlsPort }: Given, cwd: string): Promise<TlsSettings | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new AppError('USAGE_INVALID', `--tls-cert and --tls-key belong together, got only ${tlsCert === undefined ? '--tls-key' : '--tls-cert'}`);
  }
  return { port: tlsPort, cert: await readPem(resolve(cwd, tlsCert), '--tls-cert'), key: await readPem(resolve(cwd, tlsKey), '--tls-key') };
}

async function readPem(file: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new AppError('FILE_UNREADABLE', `${flag}: ${file} cannot be read: ${reason}`, { cause: error });
  }
}

async function readQueues(file: string): Promise<readonly QueueDefinition[]> {
  const { readQueuesFile } = await import('../../emulator/queues-file.js');
  return readQueuesFile(file);
}

/** The product's own queues as `queues create` would make them on Azure. Throws CONFIG_INVALID for one that the service would refuse. */
async function registryQueues(queues: readonly RegistryQueue[]): Promise<readonly QueueDefinition[]> {
  const { queueProblem } = await import('../../emulator/queue-rules.js');
  return queues.map(({ name, lockMs, ttlMs, maxAttempts }) => {
    const queue = { name, lockMs, ttlMs, maxDeliveryCount: maxAttempts, deadLetterOnExpiration: true };
    const problem = queueProblem(queue);
    if (problem === undefined) return queue;
    throw new AppError('CONFIG_INVALID', `the queue ${name} of the configuration cannot be on Service Bus: ${problem}`, {
      hint: '`copiloteval queues list` shows the settings in force, `copiloteval config show` where they come from',
    });
  });
}

interface Keys {
  readonly keys: readonly [AccessKey, ...AccessKey[]];
  readonly keyFile: string | null;
}

async function accessKeys(texts: readonly string[], file: string): Promise<Keys> {
  const { parseAccessKey } = await import('../../emulator/sas/access-key.js');
  const [first, ...others] = texts.map(parseAccessKey);
  if (first === undefined) {
    const { developmentKey } = await import('../../emulator/development-key.js');
    const keyFile = `${file.replace(/\.(db|sqlite3?)$/, '')}.key`;
    return { keys: [developmentKey(keyFile)], keyFile };
  }
  const names = [first, ...others].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new AppError('USAGE_INVALID', `two keys are named ${twice}`, { hint: 'give each --key a name of its own' });
  return { keys: [first, ...others], keyFile: null };
}

async function openLog({ globals, config, io }: CommandContext): Promise<StartEmulator['log']> {
  const { openWorkerLog } = await import('../../worker/worker-log.js');
  const level = globals.quiet && config.logLevel !== 'silent' ? 'warn' : config.logLevel;
  return openWorkerLog({ level, pretty: io.stderrIsTerminal && io.format === 'text', fields: { pid: process.pid } });
}

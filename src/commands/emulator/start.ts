// `copiloteval emulator start`: a Service Bus on this machine, until it is told to stop.

import type { RunningEmulator, StartEmulator } from '../../emulator/start-emulator.js';
import type { AccessKey } from '../../emulator/sas/access-key.js';
import { printable } from '../../output/sanitize.js';
import { defineCommand, type CommandContext } from '../command.js';
import { filePath, integer, nonEmpty } from '../option-parsers.js';
import { option, repeated } from '../option-specs.js';
import { exitCodeOfSignal, type SignalName } from '../signals.js';
import { emulatorSettings, type EmulatorSettings } from './settings.js';

const port = integer({ min: 0, max: 65_535 });

export const emulatorOptions = {
  host: option('--host <address>', 'listen on this address', { parser: nonEmpty(), default: '127.0.0.1' }),
  port: option('--port <n>', 'AMQP, for messages; 0 takes any free port', { parser: port, default: 5672 }),
  adminPort: option('--admin-port <n>', 'HTTP, for administration; 0 takes any free port', { parser: port, default: 5300 }),
  file: option('--file <path>', 'keep queues and messages there', { parser: filePath(), defaultText: 'emulator.db in the data directory' }),
  queues: option('--queues <path>', 'queues to make or change, as JSON or YAML', { parser: filePath() }),
  key: repeated('--key <name=key[:rights]>', 'a key clients may use, with the rights Send, Listen and Manage or some of them; repeat it for more (default: a key of its own)'),
  fault: repeated('--fault <kind=rate,...>', 'fail on purpose, each kind this often: server-busy, drop-connection, detach-link, lose-lock, lost-reply, slow'),
  tlsCert: option('--tls-cert <path>', 'serve TLS too, with this certificate (PEM)', { parser: filePath() }),
  tlsKey: option('--tls-key <path>', 'the key of the certificate (PEM)', { parser: filePath() }),
  tlsPort: option('--tls-port <n>', 'TLS, for messages and administration', { parser: port, default: 5671 }),
};

export const emulatorStartCommand = defineCommand({
  path: ['emulator', 'start'],
  summary: 'Run a Service Bus on this machine, for development and tests',
  description:
    'Speaks AMQP 1.0 and the administration protocol, so that the official clients work with it. What it accepted is in its file and ' +
    'is there again after a stop or a kill. Prints its connection string, then runs until Ctrl-C or SIGTERM.',
  examples: [
    'copiloteval emulator start',
    'copiloteval emulator start --port 0 --admin-port 0 -o json',
    'copiloteval emulator start --queues queues.yaml --fault server-busy=0.05,drop-connection=0.01',
    'copiloteval emulator start --key sender=bG9jYWw=:Send --key worker=dGVzdA==:Listen,Send',
  ],
  options: emulatorOptions,
  run: async (_args, given, context) => {
    const settings = await emulatorSettings(given, context);
    const { startEmulator } = await import('../../emulator/start-emulator.js');
    return runUntilSignal(await startEmulator(settings), settings, context);
  },
});

async function runUntilSignal(emulator: RunningEmulator, settings: EmulatorSettings, context: CommandContext): Promise<number | void> {
  const stopped = signals(context);
  try {
    await printStart(emulator, settings, context);
    await stopped.first;
    // A second signal does not wait for the end: everything that was accepted is in the file.
    const impatient = await Promise.race([emulator.close(), stopped.second]);
    if (impatient !== undefined) return exitCodeOfSignal(impatient);
    reportFaults(emulator, settings);
    settings.log.info({}, 'stopped');
  } finally {
    stopped.giveBack();
    await emulator.close();
  }
}

interface Signals {
  readonly first: Promise<SignalName | void>;
  readonly second: Promise<SignalName>;
  giveBack(): void;
}

/** `first` also when the command was interrupted before it took the signals over. */
function signals(context: CommandContext): Signals {
  const arrived: ((name: SignalName) => void)[] = [];
  const next = (): Promise<SignalName> => new Promise((resolve) => arrived.push(resolve));
  const [first, second] = [next(), next()];
  const giveBack = context.onSignal(({ name, count }) => arrived[count - 1]?.(name));
  return { first: context.signal.aborted ? Promise.resolve() : first, second, giveBack };
}

async function printStart(emulator: RunningEmulator, settings: EmulatorSettings, { io }: CommandContext): Promise<void> {
  const queues = (await emulator.catalog.list()).map(({ name }) => name);
  const keys = settings.keys.map((key) => keyView(key, emulator));
  const { connectionString, adminEndpoint, port: amqpPort, adminPort, tlsPort } = emulator;
  const { file, keyFile, host } = settings;
  io.print({
    json: { connectionString, adminEndpoint, host, port: amqpPort, adminPort, tlsPort, file, keyFile, keys, queues },
    text: () => keys.flatMap((key) => [key.connectionString, ...(key.tlsConnectionString === null ? [] : [key.tlsConnectionString])]).join('\n'),
  });
  io.note(`AMQP on port ${amqpPort}${tlsPort === null ? '' : `, with TLS on port ${tlsPort}`}; administration at ${adminEndpoint}`);
  io.note(printable(`file: ${file}; queues: ${queues.length === 0 ? 'none' : queues.join(', ')}`));
  if (!emulator.adminEndpoint.startsWith('http://localhost:') || host === '0.0.0.0' || host === '::') {
    io.warn('other machines can reach the emulator; without TLS, keys and messages cross the network in the clear');
  }
}

interface KeyView {
  readonly name: string;
  readonly rights: readonly string[];
  readonly connectionString: string;
  readonly tlsConnectionString: string | null;
}

function keyView(key: AccessKey, emulator: RunningEmulator): KeyView {
  return {
    name: key.name,
    rights: [...key.rights],
    connectionString: emulator.connectionStringOf(key),
    tlsConnectionString: emulator.tlsPort === null ? null : emulator.tlsConnectionStringOf(key),
  };
}

function reportFaults({ faults }: RunningEmulator, { log }: StartEmulator): void {
  const counts = faults.counts();
  if (Object.keys(counts).length > 0) log.info({ faults: counts }, 'faults that struck');
}

// Jobs over Service Bus as whole processes: the emulator, `submit`, a worker, a replay. Beside them the official SDK alone
// on the same broker with messages of the same size, in a process as young as ours.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ServiceBusClient } from '@azure/service-bus';
import Database from 'better-sqlite3';

import { PROGRAM, runBare, runProgram, withTempDir } from '../processes.js';
import { median, report } from '../report.js';
import { type StartedEmulator, startEmulator } from './emulator.js';
import { jobLines } from './throughput.js';

const QUEUE = 'evaluation-jobs';
const COPIES = 'copies';
const SLOTS = 32;
const HANDLER_MS = 20;

export interface ServiceBusJobs {
  readonly jobs: number;
  readonly letters: number;
  readonly rounds: number;
}

interface World {
  readonly home: string;
  readonly lines: (type: string, count: number) => string;
  readonly env: Readonly<Record<string, string>>;
  readonly client: ServiceBusClient;
}

export async function benchServiceBusJobs({ jobs, letters, rounds }: ServiceBusJobs): Promise<void> {
  await withTempDir(async (dir) => {
    const emulator = await startEmulator(dir);
    const client = new ServiceBusClient(emulator.connectionString);
    try {
      const world = worldAt(dir, emulator, client);
      await benchWorker(world, jobs, rounds);
      runProgram(['queues', 'create', COPIES], world);
      await benchReplay(world, letters);
    } finally {
      await client.close();
      emulator.process.kill('SIGTERM');
      await once(emulator.process, 'close');
    }
  });
}

const HANDLERS = `export default [
  { type: 'noop', run: () => Promise.resolve() },
  { type: 'nap', run: () => new Promise((resolve) => setTimeout(resolve, ${HANDLER_MS})) },
  { type: 'broken', run: () => Promise.reject(new Error('out of order')) },
];
`;

function worldAt(dir: string, { connectionString, adminEndpoint }: StartedEmulator, client: ServiceBusClient): World {
  const home = join(dir, 'home');
  mkdirSync(home);
  const names = ['noop', 'nap', 'broken'];
  const handlers = names.map((name, index) => {
    const file = join(dir, `${name}.mjs`);
    writeFileSync(file, HANDLERS.replace('];', `][${index}];`));
    return file;
  });
  writeFileSync(join(home, 'config.json'), JSON.stringify({ profile: 'bench', profiles: { bench: { handlers } } }));
  return {
    home,
    client,
    lines: (type, count) => {
      const file = join(dir, `${type}.jsonl`);
      writeFileSync(file, jobLines(count, type));
      return file;
    },
    env: {
      USE_SERVICE_BUS: 'true',
      AZURE_SERVICE_BUS_CONNECTION_STRING: connectionString,
      AZURE_SERVICE_BUS_ADMIN_ENDPOINT: adminEndpoint,
      AZURE_SERVICE_BUS_MAX_RETRIES: '1',
      LOG_LEVEL: 'error',
    },
  };
}

async function benchWorker(world: World, jobs: number, rounds: number): Promise<void> {
  const [submitted, noop, nap, bare]: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round += 1) {
    submitted?.push(submit(world, 'noop', jobs));
    noop?.push(work(world, 'noop'));
    submit(world, 'nap', jobs / 2);
    nap?.push(work(world, 'nap'));
    bare?.push(await bareLoop(world, jobs));
  }
  const reference = { what: `bare SDK loop, receiveMessages(${SLOTS}) and complete, a process of its own`, value: median(bare ?? []) };
  report({ what: 'Service Bus: submit --from, whole process', value: median(submitted ?? []), unit: 'jobs/s' });
  report({ what: `Service Bus: worker, no-op, concurrency ${SLOTS}`, value: median(noop ?? []), unit: 'jobs/s', reference, goal: { atLeast: 0.6 }, note: 'first start to last outcome; every transition stored' });
  report({ what: `Service Bus: worker, ${HANDLER_MS} ms handler, concurrency ${SLOTS}`, value: median(nap ?? []), unit: 'jobs/s', reference: { what: 'ideal', value: (SLOTS / HANDLER_MS) * 1000 }, goal: { atLeast: 0.9 } });
}

function submit({ home, env, lines }: World, type: string, count: number): number {
  const { stdout, ms } = runProgram(['submit', '--from', lines(type, count), '-o', 'json'], { home, env });
  const { queueModes } = JSON.parse(stdout) as { queueModes: { service_bus: number } };
  if (queueModes.service_bus !== count) throw new Error(`${queueModes.service_bus} of ${count} jobs were sent`);
  return (count / ms) * 1000;
}

/** Jobs per second from the first start to the last outcome. */
function work({ home, env }: World, type: string): number {
  runProgram(['worker', 'start', '--drain', '--concurrency', String(SLOTS), '-o', 'json'], { home, env });
  const db = new Database(join(home, 'copiloteval.db'), { readonly: true });
  const newest = db.prepare<[], { started: number; ended: number; count: number }>(
    `SELECT min(json_extract(state, '$.startedAt')) AS started, max(json_extract(state, '$.finishedAt')) AS ended, count(*) AS count
     FROM jobs WHERE type = '${type}'`,
  ).get();
  const open = db.prepare<[], { count: number }>("SELECT count(*) AS count FROM jobs WHERE status IN ('Queued', 'Running')").get();
  db.close();
  if (newest === undefined || open?.count !== 0) throw new Error(`${open?.count ?? '?'} jobs are left`);
  runProgram(['prune', '--older-than', '0s', '--yes'], { home, env });
  return (newest.count / (newest.ended - newest.started)) * 1000;
}

async function bareLoop({ client, env }: World, count: number): Promise<number> {
  const sender = client.createSender(QUEUE);
  const body = { text: 'x'.repeat(600) };
  for (let sent = 0; sent < count; sent += 100) await sender.sendMessages(Array.from({ length: Math.min(100, count - sent) }, () => ({ body })));
  await sender.close();
  return runBare(['receive', QUEUE, String(count), String(SLOTS)], env).rate;
}

async function benchReplay(world: World, letters: number): Promise<void> {
  // Half for the reference, half for the replay: as many each, each as a process from its start to its end.
  submit(world, 'broken', 2 * letters);
  runProgram(['worker', 'start', '--drain', '--concurrency', String(SLOTS), '-o', 'json'], world);
  const single = runBare(['replay', QUEUE, String(letters), COPIES], world.env);
  const reference = { what: 'one at a time: receive, send, complete, whole process', value: (letters / single.ms) * 1000 };
  const { ms, outcome, rssMb } = await replay(world);
  if (outcome.matched !== letters || outcome.replayed !== letters) throw new Error(`replayed ${outcome.replayed} of ${outcome.matched}`);
  report({ what: `Service Bus: dlq replay of ${letters} dead letters, whole process`, value: (letters / ms) * 1000, unit: 'letters/s', reference, goal: { atLeast: 5 } });
  report({ what: 'Service Bus: memory of that replay at its peak', value: rssMb, unit: 'MB', goal: { atMost: 150 } });
}

async function replay({ home, env }: World): Promise<{ ms: number; outcome: { matched: number; replayed: number }; rssMb: number }> {
  const from = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'dlq', 'replay', '--queue', QUEUE, '--all', '--yes', '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, COPILOTEVAL_HOME: home, ...env },
  });
  let rssKb = 0;
  const look = setInterval(() => (rssKb = Math.max(rssKb, peakKb(child.pid))), 25);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(look);
  if (code !== 0) throw new Error(`the replay ended with ${String(code)}: ${stdout}`);
  return { ms: performance.now() - from, outcome: JSON.parse(stdout) as { matched: number; replayed: number }, rssMb: rssKb / 1000 };
}

/** Linux only; 0 when the process has gone. */
function peakKb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

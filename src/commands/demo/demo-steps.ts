// The steps of the demo. Each is a command line that is shown, run as a process of its own, and checked.

import { join } from 'node:path';

import { AppError } from '../../domain/errors.js';
import { systemClock } from '../../ports/clock.js';
import type { CommandContext } from '../command.js';
import { compareEvaluations, type EvaluatedAnswers } from './compare-evaluations.js';
import { type CommandRun, packageRoot, runCommandLine, startWorker, stopWorker } from './own-program.js';

const QUEUE = 'evaluation-jobs';
/** Exit codes that a step may end with: a gate fails on purpose, the poison job is not to succeed. */
const GATE_FAILED = 3;
const JOB_FAILED = 1;

interface Demo {
  readonly dataDir: string;
  readonly context: CommandContext;
}

/** Throws DEMO_FAILED when a step does not do what it should. The worker is stopped in every case. */
export async function runDemoSteps(dataDir: string, context: CommandContext): Promise<void> {
  const demo: Demo = { dataDir, context };
  const startedAt = systemClock.monotonic();
  say(demo, `Everything of this demo is in ${dataDir}\n`);
  await run(demo, ['init', '--yes', '--force', '--set', 'retryBaseSeconds=0.1'], false);
  const worker = startWorker(dataDir);
  try {
    const answers = await evaluateBoth(demo);
    const deadLetter = await replayPoison(demo);
    await step(demo, ['stats']);
    const seconds = (systemClock.monotonic() - startedAt) / 1000;
    context.io.print({
      json: { directory: dataDir, evaluations: answers, replayed: deadLetter, seconds: Number(seconds.toFixed(2)) },
      text: () => closing(demo, deadLetter.jobId, seconds),
    });
  } finally {
    await stopWorker(worker);
  }
}

async function evaluateBoth(demo: Demo): Promise<EvaluatedAnswers[]> {
  heading(demo, '1  Evaluate two recorded answer sets to 24 support questions');
  const evaluated = [await evaluate(demo, 'v1'), await evaluate(demo, 'v2')];
  say(demo, compareEvaluations(evaluated, demo.context.io));
  return evaluated;
}

async function evaluate(demo: Demo, name: string): Promise<EvaluatedAnswers> {
  const folder = join(packageRoot(), 'examples', 'demo');
  const words = ['submit', 'evaluation', '--file', join(folder, `support-${name}.jsonl`), '--payload', `@${join(folder, 'evaluation.json')}`];
  await step(demo, [...words, '--label', `answers=${name}`, '--wait', '--timeout', '60s'], { allow: [0, GATE_FAILED] });
  return { name, job: await newestJob(demo, ['--label', `answers=${name}`]) };
}

async function replayPoison(demo: Demo): Promise<{ jobId: string; status: string }> {
  heading(demo, '2  A job that fails three times ends in the dead-letter queue');
  const payload = JSON.stringify({ mode: 'always', times: 3, message: 'upstream answered 503 for order 4711' });
  await step(demo, ['submit', 'fail', '--payload', payload, '--wait', '--timeout', '60s'], { allow: [JOB_FAILED] });
  await step(demo, ['dlq', 'peek', '--queue', QUEUE]);
  const { jobId } = await newestJob(demo, ['--type', 'fail']);
  await step(demo, ['why', jobId.slice(-8)]);
  heading(demo, '3  Replay it: planned, applied with a ledger, verified');
  await step(demo, ['dlq', 'replay', '--queue', QUEUE, '--all', '--yes', '--reason-text', 'upstream is back']);
  await step(demo, ['tail', jobId.slice(-8)]);
  const { status } = await newestJob(demo, ['--type', 'fail']);
  if (status !== 'Succeeded') throw new AppError('DEMO_FAILED', `the replayed job ended ${status}`);
  return { jobId, status };
}

/** Asked for beside the steps that are shown. */
async function newestJob(demo: Demo, filter: readonly string[]): Promise<EvaluatedAnswers['job']> {
  const { stdout } = await run(demo, ['list', ...filter, '--limit', '1', '-o', 'json'], false);
  const { jobs } = JSON.parse(stdout) as { jobs: EvaluatedAnswers['job'][] };
  if (jobs[0] === undefined) throw new AppError('DEMO_FAILED', `no job is listed by ${filter.join(' ')}`);
  return jobs[0];
}

/** Shows the command line and its output. */
async function step(demo: Demo, words: readonly string[], { allow = [0] }: { allow?: readonly number[] } = {}): Promise<void> {
  const { io } = demo.context;
  say(demo, io.style.cyan(`$ copiloteval ${words.map(shellWord).join(' ')}`));
  const { stdout } = await run(demo, words, io.format === 'text' && io.stdoutIsTerminal && io.stderrIsTerminal, allow);
  say(demo, stdout.trimEnd() === '' ? '' : `${stdout.trimEnd()}\n`);
}

async function run({ dataDir, context }: Demo, words: readonly string[], onTerminal: boolean, allow: readonly number[] = [0]): Promise<CommandRun> {
  const ended = await runCommandLine(words, { dataDir, signal: context.signal, onTerminal });
  if (allow.includes(ended.code)) return ended;
  throw new AppError('DEMO_FAILED', `\`copiloteval ${words.slice(0, 2).join(' ')}\` ended with ${ended.code}: ${ended.stderr.trim() || ended.stdout.trim()}`, {
    hint: `the worker's log is ${join(dataDir, 'worker.log')}`,
  });
}

/** Text for people; JSON output has the summary at the end alone. */
function say({ context: { io } }: Demo, text: string): void {
  if (io.format === 'text') io.write(`${text}\n`);
}

function heading(demo: Demo, text: string): void {
  say(demo, demo.context.io.style.bold(text));
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function closing({ dataDir, context: { io } }: Demo, jobId: string, seconds: number): string {
  return [
    io.style.bold(`Done in ${seconds.toFixed(1)} s. Look around:`),
    `  export COPILOTEVAL_HOME=${shellWord(dataDir)}`,
    '  copiloteval list',
    `  copiloteval why ${jobId.slice(-8)}`,
    '  copiloteval list --type evaluation',
    '  copiloteval results <jobId> --format md',
    '  copiloteval dlq history',
    '  copiloteval worker start',
  ].join('\n');
}

// The steps of the demo. Each is a command line that is shown, run as a process of its own, and checked.

import { join } from 'node:path';

import { AppError } from '../../domain/errors.js';
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
  const startedAt = performance.now();
  say(demo, `Everything of this demo is in ${dataDir}\n`);
  await step(demo, ['init', '--yes', '--force', '--set', 'retryBaseSeconds=0.1'], { quietly: true });
  const worker = startWorker(dataDir);
  try {
    const answers = await evaluateBoth(demo);
    const deadLetter = await replayPoison(demo);
    await step(demo, ['stats'], {});
    const seconds = (performance.now() - startedAt) / 1000;
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
  const run = await step(demo, [...words, '--label', `answers=${name}`, '--wait', '--timeout', '60s'], {
    allow: [0, GATE_FAILED],
    json: true,
    follow: true,
  });
  return { name, job: JSON.parse(run.stdout) as EvaluatedAnswers['job'] };
}

async function replayPoison(demo: Demo): Promise<{ jobId: string; status: string }> {
  heading(demo, '2  A job that fails three times ends in the dead-letter queue');
  const payload = JSON.stringify({ mode: 'always', times: 3, message: 'upstream answered 503 for order 4711' });
  const failed = await step(demo, ['submit', 'fail', '--payload', payload, '--wait', '--timeout', '60s'], { allow: [JOB_FAILED], json: true });
  const { jobId } = JSON.parse(failed.stdout) as { jobId: string };
  await step(demo, ['dlq', 'peek', '--queue', QUEUE], {});
  await step(demo, ['why', jobId.slice(-8)], {});
  heading(demo, '3  Replay it: planned, applied with a ledger, verified');
  await step(demo, ['dlq', 'replay', '--queue', QUEUE, '--all', '--yes', '--reason-text', 'upstream is back'], {});
  await step(demo, ['tail', jobId.slice(-8)], { quietly: true });
  const { stdout } = await step(demo, ['status', jobId.slice(-8)], { json: true });
  const { status } = JSON.parse(stdout) as { status: string };
  if (status !== 'Succeeded') throw new AppError('DEMO_FAILED', `the replayed job ended ${status}`);
  say(demo, `${demo.context.io.style.green('✔')} job ${jobId.slice(-8)} ${status} after its replay\n`);
  return { jobId, status };
}

interface StepSettings {
  readonly allow?: readonly number[];
  /** Neither the command line nor its output is shown. */
  readonly quietly?: boolean;
  /** The output is read by the demo instead of shown. */
  readonly json?: boolean;
  /** On a terminal its progress is shown as it moves. */
  readonly follow?: boolean;
}

async function step(demo: Demo, words: readonly string[], settings: StepSettings): Promise<CommandRun> {
  const { io, signal } = demo.context;
  const { allow = [0], quietly = false, json = false, follow = false } = settings;
  if (!quietly) say(demo, io.style.cyan(`$ copiloteval ${words.map(shellWord).join(' ')}`));
  const showProgress = follow && io.stderrIsTerminal && io.format === 'text';
  const run = await runCommandLine([...words, ...(json ? ['-o', 'json'] : [])], { dataDir: demo.dataDir, signal, showProgress });
  if (!allow.includes(run.code)) {
    throw new AppError('DEMO_FAILED', `\`copiloteval ${words.slice(0, 2).join(' ')}\` ended with ${run.code}: ${run.stderr.trim() || run.stdout.trim()}`, {
      hint: `the worker's log is ${join(demo.dataDir, 'worker.log')}`,
    });
  }
  if (!quietly && !json) say(demo, `${run.stdout.trimEnd()}\n`);
  return run;
}

/** Text for people; JSON output has the summary at the end alone. */
function say({ context: { io } }: Demo, text: string): void {
  if (io.format === 'text') io.write(`${text}\n`);
}

function heading(demo: Demo, text: string): void {
  say(demo, demo.context.io.style.bold(`\n${text}`));
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

// `copiloteval demo`: two minutes with the product, offline, on real input, in a directory of its own.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { makeDirectory } from '../config/make-directory.js';
import { defineCommand, type CommandContext } from './command.js';
import { option, type OptionValues } from './option-specs.js';

const options = {
  dir: option('--dir <path>', 'the data directory of the demo; a new one below the temporary directory when not given'),
};

export const demoCommand = defineCommand({
  path: ['demo'],
  summary: 'See an evaluation, a dead letter and its replay, offline, in ten seconds',
  description:
    'Evaluates two recorded answer sets to 24 support questions through the real queue with a real worker, lets one job fail until it is dead-lettered, and replays it. Every step is a command you can type yourself. One gate fails on purpose; the demo still exits 0.',
  examples: ['copiloteval demo', 'copiloteval demo --dir ./demo-data', 'copiloteval demo -o json'],
  options,
  run: runDemo,
});

async function runDemo(_args: object, { dir }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { runDemoSteps } = await import('./demo/demo-steps.js');
  const dataDir = dir === undefined ? mkdtempSync(join(tmpdir(), 'copiloteval-demo-')) : resolve(context.cwd, dir);
  makeDirectory(dataDir);
  await runDemoSteps(dataDir, context);
}

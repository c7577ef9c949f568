import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { PROGRAM, programEnv } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const TOUR = README.slice(README.indexOf('## A tour'), README.indexOf('## The same job on Service Bus'));

interface Step {
  readonly command: string;
  readonly output: string;
}

test('each command of the README prints what the README shows', { timeout: 60_000 }, () => {
  const cwd = tempDir();
  const ids = new Map<string, string>();
  for (const heredoc of TOUR.matchAll(/```sh\n([\s\S]*?)```/g)) shell(heredoc[1] ?? '', cwd);
  const steps = stepsOf(TOUR);
  expect(steps.length).toBeGreaterThan(9);
  for (const { command, output } of steps) {
    const typed = withOwnIds(command, ids).replace('$ copiloteval', `'${process.execPath}' '${PROGRAM}'`);
    const printed = shell(typed, cwd);
    learnIds(output, printed, ids);
    expect(shape(withOwnIds(printed, new Map())), command).toBe(shape(output));
  }
});

/** The commands of the tour's console blocks, each with the lines up to the next. */
function stepsOf(tour: string): Step[] {
  const blocks = [...tour.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block.split(/^(?=\$ )/m).map((part) => ({ command: part.slice(0, part.indexOf('\n')), output: part.slice(part.indexOf('\n') + 1) })),
  );
}

function shell(script: string, cwd: string): string {
  const { HOME: _home, COPILOTEVAL_HOME: _data, ...env } = programEnv({ cwd });
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd, env: { ...env, PATH: process.env['PATH'] }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} ended with ${String(status)}: ${stdout}${stderr}`);
  return stdout;
}

const SHORT_ID = /\b[0-9a-f]{8}\b(?!-)/g;

/** The README's ids in the order they appear are this run's ids in the order they appear. */
function learnIds(shown: string, printed: string, ids: Map<string, string>): void {
  const own = printed.match(SHORT_ID) ?? [];
  for (const [index, id] of (shown.match(SHORT_ID) ?? []).entries()) if (own[index] !== undefined) ids.set(id, own[index]);
}

function withOwnIds(text: string, ids: ReadonlyMap<string, string>): string {
  return text.replace(SHORT_ID, (id) => ids.get(id) ?? id);
}

/** What may differ from run to run is replaced: ids, times, speeds, names of workers, groups and operations. Spaces of alignment too. */
function shape(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/\b[0-9a-f]{8}\b/g, '<short>')
    .replace(/\d\d:\d\d:\d\d/g, '<time>')
    .replace(/\b\d+(\.\d+)? (ms|s)\b/g, '<duration>')
    .replace(/\bnow\b|<duration> ago/g, '<age>')
    .replace(/\(\d+(\.\d+)?\/s\)/g, '(<speed>)')
    .replace(/attempt (\d) {2}\S+/g, 'attempt $1 <worker>')
    .replace(/\bR[a-z0-9]{7}\b/g, '<operation>')
    .replace(/by \S+/g, 'by <user>')
    .replace(/(due|first|last|CREATED) +(<age>|in \d.*)/g, '$1 <soon>')
    .replace(/^(evaluation-jobs( +0){4} +-).*$/gm, '$1 <rates>')
    .replace(/ +/g, ' ')
    .trim();
}

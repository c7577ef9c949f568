// `copiloteval doctor`: checks that everything works, and says what to do about each thing that does not.

import { AppError } from '../domain/errors.js';
import type { Io } from '../output/io.js';
import { counted } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { HealthCheck } from '../ports/diagnostics.js';
import { checkOperation } from '../services/doctor-checks.js';
import { defineCommand, type CommandContext } from './command.js';
import { checkMachine } from './doctor-machine.js';
import { checkIdle, checkVariables } from './doctor-variables.js';

export const doctorCommand = defineCommand({
  path: ['doctor'],
  summary: 'Check that everything works, with a remedy for what does not',
  description:
    'Looks at the data directory, the store, the files, the queues, the workers, the environment and, where the profile names them, Service Bus, Cosmos DB, Blob Storage and Key Vault with the identity that signs in. Changes nothing, except that a missing database is made; what it writes for a try it deletes again.',
  examples: ['copiloteval doctor', 'copiloteval doctor --profile cloud -o json'],
  run: (_args, _options, context) => runDoctor(context),
});

async function runDoctor(context: CommandContext): Promise<void> {
  const { io } = context;
  const checks = [...(await allChecks(context))];
  const ok = checks.every(({ status }) => status !== 'fail');
  io.print({ json: { ok, checks }, lines: checks, text: () => checks.map((check) => checkText(check, io)).join('\n') });
  const failed = checks.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return;
  throw new AppError('DOCTOR_FAILED', `${counted(failed.length, 'check')} failed: ${failed.map(({ name }) => name).join(', ')}`, {
    hint: 'each failed line says what to do',
  });
}

async function allChecks(context: CommandContext): Promise<readonly HealthCheck[]> {
  const before = [...(await checkMachine(context.place)), ...checkVariables(context.env)];
  const configuration = await attempt('configuration', () => {
    const { profile, configFile } = context.config;
    return Promise.resolve(`profile ${profile}, ${configFile}`);
  });
  if (configuration.status === 'fail') return [...before, configuration];
  const settings = [configuration, ...checkIdle(context.config)];
  const { store, database, cosmosEndpoint = '', cosmosDatabase, cosmosContainer } = context.config;
  const opened = await attempt(store === 'cosmos' ? 'store opens' : 'database opens', async () => {
    await context.runtime();
    return store === 'cosmos' ? `${cosmosEndpoint}/${cosmosDatabase}/${cosmosContainer}` : database;
  });
  if (opened.status === 'fail') return [...before, ...settings, ...(await whyNotOpen(opened, context))];
  const runtime = await context.runtime();
  return [...before, ...settings, opened, ...(await runtime.diagnostics.check()), await checkTypes(context), ...(await operationChecks(context))];
}

/** What keeps it from opening, part by part where there are parts to look at. */
async function whyNotOpen(opened: HealthCheck, { config }: CommandContext): Promise<readonly HealthCheck[]> {
  const { diagnoseParts } = await import('../runtime.js');
  const parts = await diagnoseParts(config);
  const named = isAboutSettings(opened) ? { ...opened, name: 'settings' } : opened;
  return parts.some((part) => isSameFailure(part, opened)) ? parts : [named, ...parts];
}

/** The part's own line says more of what opening the store ran into. */
function isSameFailure({ name, status, detail }: HealthCheck, opened: HealthCheck): boolean {
  return detail === opened.detail || (opened.name === 'store opens' && status === 'fail' && name.startsWith('cosmos db '));
}

/** Opening reads the settings of Service Bus and of job types before it touches the database. */
function isAboutSettings({ detail }: HealthCheck): boolean {
  return detail.endsWith('[CONFIG_INVALID]');
}

async function operationChecks(context: CommandContext): Promise<readonly HealthCheck[]> {
  try {
    return await checkOperation(await context.runtime());
  } catch (error) {
    return [failedCheck('queues', error)];
  }
}

/** Loads the user's handler modules, as submit and worker do. */
function checkTypes(context: CommandContext): Promise<HealthCheck> {
  return attempt('job types', async () => {
    const types = await (await context.runtime()).jobTypes.all();
    return `${types.length}: ${types.map(({ type }) => type).join(', ')}`;
  });
}

async function attempt(name: string, look: () => Promise<string>): Promise<HealthCheck> {
  try {
    return { name, status: 'ok', detail: await look(), remedy: null };
  } catch (error) {
    return failedCheck(name, error);
  }
}

function failedCheck(name: string, error: unknown): HealthCheck {
  if (!(error instanceof AppError)) throw error;
  return { name, status: 'fail', detail: `${error.message} [${error.code}]`, remedy: error.hint ?? null };
}

function checkText({ name, status, detail, remedy }: HealthCheck, io: Io): string {
  const marks = { ok: io.style.green('ok  '), warn: io.style.yellow('warn'), fail: io.style.red('FAIL') };
  const line = `${marks[status]}  ${name}: ${printable(detail)}`;
  return remedy === null ? line : `${line}\n      ${io.style.cyan('remedy:')} ${printable(remedy)}`;
}

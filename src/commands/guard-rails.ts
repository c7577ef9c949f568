// The rules under which a command may change something: what a profile marked `production` asks for, and the audit log.

import type { Config } from '../config/config.js';
import { AppError } from '../domain/errors.js';
import { formatCount } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { ChangeOutcome } from '../ports/audit-log.js';
import type { Command, CommandContext } from './command.js';
import type { GlobalOptions } from './global-options.js';
import { nonEmpty } from './option-parsers.js';
import { option } from './option-specs.js';

export const reasonTextOption = option('--reason-text <text>', 'why, for `dlq history`', { parser: nonEmpty() });

/** In production, when `maxAffected` is not set. */
const MAX_AFFECTED_IN_PRODUCTION = 1000;

/** Throws REFUSED for a command that changes something in a production profile without --write. A dry run changes nothing. */
export function refuseReadOnly(command: Pick<Command, 'changes' | 'path'>, options: Readonly<Record<string, unknown>>, config: Config, { write }: GlobalOptions): void {
  if (!config.production || !command.changes || write || options['dryRun'] === true) return;
  throw new AppError('REFUSED', `profile ${config.profile} is marked production and read only: \`${command.path.join(' ')}\` would change something`, {
    hint: 'add `--write` to allow it',
  });
}

/** One line for people, before anything else of a command in a production profile. */
export function productionBanner({ profile }: Config, { write }: GlobalOptions): string {
  return ` PRODUCTION  profile ${printable(profile)}: ${write ? 'changes are allowed (--write)' : 'read only'} `;
}

/** The most jobs or letters one command may change; undefined: no limit. */
export function maxAffected({ maxAffected, production }: Pick<Config, 'maxAffected' | 'production'>): number | undefined {
  return maxAffected ?? (production ? MAX_AFFECTED_IN_PRODUCTION : undefined);
}

/** Throws REFUSED when it is more than the profile allows. `what` as in `12 jobs`. */
export function refuseTooMany(affected: number, what: string, { config }: Pick<CommandContext, 'config'>): void {
  const most = maxAffected(config);
  if (most === undefined || affected <= most) return;
  throw new AppError('REFUSED', `this would change ${what}, and profile ${config.profile} allows ${formatCount(most)} at once (maxAffected)`, {
    hint: `choose fewer, or allow more for this run with COPILOTEVAL_MAX_AFFECTED=${affected}`,
  });
}

/** Throws REFUSED when a production profile asks for a reason and none was given. */
export function requireReason(reasonText: string | undefined, { config }: Pick<CommandContext, 'config'>): void {
  if (!config.production || reasonText !== undefined) return;
  throw new AppError('REFUSED', `profile ${config.profile} is marked production: every change needs a reason`, {
    hint: 'add `--reason-text "why"`; `copiloteval dlq history` keeps it',
  });
}

type AuditContext = Pick<CommandContext, 'runtime' | 'config' | 'commandLine'>;

/** Makes a change under an entry of the audit log: who, when, why, the command line, and what came of it. */
export async function audited<T>(
  reasonText: string | undefined,
  context: AuditContext,
  change: () => Promise<T>,
  count: (result: T) => Pick<ChangeOutcome, 'changed' | 'failed'>,
): Promise<T> {
  const { userId: by, profile, production } = context.config;
  const [runtime, { auditedChange }] = await Promise.all([context.runtime(), import('../services/audited-change.js')]);
  return auditedChange(runtime, { by, reasonText: reasonText ?? null, what: context.commandLine, profile, production }, change, count);
}

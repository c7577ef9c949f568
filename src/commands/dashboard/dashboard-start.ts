// What the command line and the settings say about how the dashboard looks and what it may do.

import { basename } from 'node:path';
import type { Config } from '../../config/config.js';
import { DEFAULT_PROFILE, readConfigFile } from '../../config/config-file.js';
import { speaksUnicode } from '../../output/speaks-unicode.js';
import { wantsColor } from '../../output/style.js';
import type { Session } from '../../tui/model.js';
import type { Look } from '../../tui/theme.js';
import { VERSION } from '../../version.js';
import { printCommandLine } from '../command-line.js';
import type { CommandContext } from '../command.js';
import type { DashboardOptions } from '../dashboard.js';
import { maxAffected } from '../guard-rails.js';

/** `source` is known when the profile is open. */
export function sessionOf(config: Config, given: Pick<DashboardOptions, 'readOnly' | 'bell'>, context: CommandContext, opened: { readonly source: string; readonly namespace: string | null } | undefined): Session {
  const { production, profile, userId, trashDays } = config;
  return {
    version: VERSION,
    profile,
    profiles: profilesOf(context),
    source: opened?.source ?? 'sqlite',
    place: opened?.namespace ?? basename(config.database),
    production,
    readOnly: given.readOnly || (production && !context.globals.write),
    reasonRequired: production,
    maxAffected: maxAffected(config) ?? null,
    userId,
    bell: given.bell,
    globalOptions: globalOptions(config, context),
    trashDays,
    epoch: 1,
  };
}

/** Colours only where they are wanted; attributes such as bold and inverse stay, or nothing would show what is selected. */
export function lookOf({ theme, ascii }: Pick<DashboardOptions, 'theme' | 'ascii'>, { env, globals, io }: CommandContext): Look {
  const colors = { NO_COLOR: env.text('NO_COLOR'), FORCE_COLOR: env.text('FORCE_COLOR'), TERM: env.text('TERM') };
  const isColored = wantsColor({ isTerminal: io.stdoutIsTerminal }, colors, globals.noColor);
  return { theme: isColored ? theme : 'mono', ascii: ascii || !speaksUnicode({ LC_ALL: env.text('LC_ALL'), LC_CTYPE: env.text('LC_CTYPE'), LANG: env.text('LANG'), TERM: env.text('TERM') }) };
}

function profilesOf({ place }: CommandContext): readonly string[] {
  const names = Object.keys(readConfigFile(place.configFile)?.profiles ?? {});
  return names.includes(DEFAULT_PROFILE) || names.length > 0 ? names : [DEFAULT_PROFILE];
}

/** What a command line must say too, to mean the same profile and place. */
function globalOptions(config: Config, { globals, place }: CommandContext): string {
  const isOther = config.profile !== (readConfigFile(place.configFile)?.profile ?? DEFAULT_PROFILE);
  const words = [
    ...(globals.dataDir === undefined ? [] : ['--data-dir', globals.dataDir]),
    ...(globals.profile === undefined && !isOther ? [] : ['--profile', config.profile]),
  ];
  return `${printCommandLine([], words)}${globals.write ? ' --write' : ''}`.trim();
}

// `copiloteval config show`: the settings in force, each with where it comes from. Secrets stay hidden.

import type { Config } from '../../config/config.js';
import { SETTING_NAMES, SETTINGS } from '../../config/schema.js';
import type { Setting } from '../../config/setting.js';
import { looksLikeReference } from '../../config/vault-reference.js';
import { printable } from '../../output/sanitize.js';
import { renderTable } from '../../output/table.js';
import { defineCommand, type CommandContext } from '../command.js';

export const configShowCommand = defineCommand({
  path: ['config', 'show'],
  summary: 'Show the settings in force and where each comes from',
  description: 'A setting comes from the environment (also from a .env file), else from the profile, else it has its default.',
  examples: ['copiloteval config show', 'copiloteval config show --profile staging -o json'],
  run: runConfigShow,
});

interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
  readonly source: string;
  readonly env: string | null;
  readonly description: string;
}

async function runConfigShow(_args: object, _options: object, { io, config }: CommandContext): Promise<void> {
  const settings = SETTING_NAMES.map((name) => shown(name, SETTINGS[name], config));
  io.print({
    json: { profile: config.profile, dataDir: config.dataDir, configFile: config.configFile, settings },
    lines: settings,
    text: () => settingsText(config, settings, io),
  });
  return Promise.resolve();
}

function shown(name: (typeof SETTING_NAMES)[number], setting: Setting<unknown>, config: Config): ShownSetting {
  const value = config[name] ?? null;
  const isFromVault = setting.secret && looksLikeReference(value);
  return {
    name,
    // The name of a secret is none.
    value: setting.secret && value !== null && !isFromVault ? '(hidden)' : value,
    source: isFromVault ? `${config.sources[name]}, from Key Vault ${config.keyVaultUrl ?? '(KEY_VAULT_URL is not set)'}` : config.sources[name],
    env: setting.env ?? null,
    description: setting.description,
  };
}

function settingsText(config: Config, settings: readonly ShownSetting[], io: CommandContext['io']): string {
  const table = renderTable(
    {
      columns: [{ header: 'setting' }, { header: 'value', flexible: true }, { header: 'from', flexible: true }],
      rows: settings.map(({ name, value, source }) => [name, valueText(value), source]),
    },
    io,
  );
  const head = `profile ${printable(config.profile)} (${printable(config.sources.profile)}), data in ${printable(config.dataDir)} (${printable(config.sources.dataDir)})`;
  return `${head}\n\n${table}`;
}

function valueText(value: unknown): string {
  if (value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

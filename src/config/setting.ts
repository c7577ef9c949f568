// One row of the table of settings.

import type { ValueKind } from './value-kinds.js';

export interface Setting<T> {
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** The environment variable; settings that are objects have none. */
  readonly env: string | undefined;
  readonly description: string;
  /** Hidden in `config show`, logs and errors. */
  readonly secret: boolean;
  /** A path: relative to the folder of config.json there, to the current directory in the environment. */
  readonly path: boolean;
}

interface SettingTexts {
  readonly env?: string;
  readonly description: string;
  readonly secret?: boolean;
  readonly path?: boolean;
}

/** A setting that always has a value. */
export function setting<T>(kind: ValueKind<T>, fallback: NoInfer<T>, texts: SettingTexts): Setting<T> {
  return {
    kind,
    default: fallback,
    env: texts.env,
    description: texts.description,
    secret: texts.secret ?? false,
    path: texts.path ?? false,
  };
}

/** A setting that may have none. */
export function optional<T>(kind: ValueKind<T>, texts: SettingTexts): Setting<T | undefined> {
  return setting<T | undefined>(kind, undefined, texts);
}

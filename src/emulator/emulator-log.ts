// What the emulator says about itself, to whoever runs it.

type Fields = Readonly<Record<string, unknown>>;

/** Structured lines: a sentence for people and the same facts as fields. Never secrets, never bodies of messages. */
export interface EmulatorLog {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

const nothing = (): void => undefined;

export const SILENT_LOG: EmulatorLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

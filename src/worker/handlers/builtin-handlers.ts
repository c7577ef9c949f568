// The job types that come with the product: how to load the code of each, and how to check a payload without it.
// Only what is asked for is loaded.

import type { Json } from '../../domain/json.js';
import type { AnyHandler } from '../handler-registry.js';

export interface BuiltinSettings {
  /** Hosts that `http` jobs may call (config httpAllowHosts). */
  readonly httpAllowHosts: readonly string[];
  /** Whether the payload of a `command` job may name its program. */
  readonly allowCommandJobs: boolean;
  /** Where programs of `command` jobs run when their payload does not say. */
  readonly cwd: string;
}

/** By canonical type; each name of domain/queue-registry.ts has its line. */
export const builtinHandlers: Readonly<Record<string, (settings: BuiltinSettings) => Promise<AnyHandler>>> = {
  evaluation: async () => (await import('./evaluation.js')).evaluationHandler,
  batch: async () => (await import('./batch.js')).batchHandler,
  http: async ({ httpAllowHosts }) => (await import('./http.js')).createHttpHandler({ allowHosts: httpAllowHosts }),
  command: async ({ allowCommandJobs, cwd }) => (await import('./command.js')).createCommandHandler({ allowed: allowCommandJobs, cwd }),
  echo: async () => (await import('./echo.js')).echoHandler,
  sleep: async () => (await import('./sleep.js')).sleepHandler,
  fail: async () => (await import('./fail.js')).failHandler,
};

type Check = (payload: Json, settings: Pick<BuiltinSettings, 'allowCommandJobs'>) => Promise<unknown>;

const CHECKS: Readonly<Record<string, Check>> = {
  evaluation: async (payload) => (await import('../../evaluation/payload.js')).parseEvaluationPayload(payload),
  batch: async (payload) => (await import('./payloads/batch.js')).parseBatchPayload(payload),
  http: async (payload) => (await import('./payloads/http.js')).parseHttpPayload(payload),
  command: async (payload, { allowCommandJobs }) => (await import('./payloads/command.js')).parseCommandPayload(payload, allowCommandJobs),
  sleep: async (payload) => (await import('./payloads/sleep.js')).parseSleepPayload(payload),
  fail: async (payload) => (await import('./payloads/fail.js')).parseFailPayload(payload),
};

/** Throws PAYLOAD_INVALID with the path; REFUSED for a program the configuration does not allow. `echo` takes anything. */
export async function checkBuiltinPayload(type: string, payload: Json, settings: Pick<BuiltinSettings, 'allowCommandJobs'>): Promise<void> {
  await CHECKS[type]?.(payload, settings);
}

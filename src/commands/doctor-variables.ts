// Variables of the systems that copiloteval took the place of: they are recognised, have no effect, and `doctor` says
// what replaced them.

import type { Environment } from '../config/environment.js';
import type { HealthCheck } from '../ports/diagnostics.js';

const SUPERSEDED: Readonly<Record<string, string>> = {
  REDIS_URL: 'queues are in the database file (COPILOTEVAL_DATABASE), there is no Redis',
  AzureWebJobsStorage: 'queues are not in a storage account; the worker is `copiloteval worker start`',
  DATABASE_URL: 'jobs are in the database file (COPILOTEVAL_DATABASE)',
};

export function checkVariables(env: Environment): readonly HealthCheck[] {
  const found = Object.keys(SUPERSEDED).filter((name) => env.get(name) !== undefined);
  if (found.length === 0) return [{ name: 'environment', status: 'ok', detail: 'no superseded variables', remedy: null }];
  // Their values are addresses with passwords: only the names are told.
  return found.map((name) => ({ name: 'environment', status: 'warn', detail: `${name} is set and has no effect`, remedy: `remove it: ${SUPERSEDED[name]}` }));
}

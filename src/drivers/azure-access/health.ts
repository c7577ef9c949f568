// The three kinds of findings, short to write.

import type { HealthCheck } from '../../ports/diagnostics.js';

export function ok(name: string, detail: string): HealthCheck {
  return { name, status: 'ok', detail, remedy: null };
}

export function warn(name: string, detail: string, remedy: string | null): HealthCheck {
  return { name, status: 'warn', detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): HealthCheck {
  return { name, status: 'fail', detail, remedy };
}

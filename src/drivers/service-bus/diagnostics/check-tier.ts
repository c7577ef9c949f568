// The tier of the namespace: all three carry jobs, with different limits.

import type { HealthCheck } from '../../../ports/diagnostics.js';
import { ok } from '../../azure-access/health.js';
import type { NamespaceLook } from './namespace-look.js';

const NOTES: Readonly<Record<string, string>> = {
  basic: 'enough for jobs; messages to 256 KB, kept for 14 days at most',
  standard: 'messages to 256 KB, 1,000 operations a second',
  premium: 'messages to 1 MB, more if the queue says so',
};

export function checkTier({ tier }: NamespaceLook): HealthCheck {
  const name = 'service bus tier';
  if (tier === null) return ok(name, 'not told without the right to manage');
  const note = NOTES[tier.toLowerCase()];
  return ok(name, note === undefined ? tier : `${tier}: ${note}`);
}

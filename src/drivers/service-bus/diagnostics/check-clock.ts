// How far this machine's clock is from the service's. Signatures have a time in them: five minutes off, and they are refused.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import type { Clock } from '../../../ports/clock.js';
import type { HealthCheck } from '../../../ports/diagnostics.js';
import { adminUrl, namespaceHost, type ServiceBusTarget } from '../target.js';
import { withinTime } from '../../azure-access/within-time.js';
import { fail, ok, warn } from '../../azure-access/health.js';

const LIMIT_MS = 3_000;
/** Whole seconds are told, and the answer was on its way. */
const SMALL_MS = 30_000;
/** The signatures of administration are good for this long. */
const SIGNATURE_MS = 5 * 60_000;

export async function checkClock(target: ServiceBusTarget, clock: Clock): Promise<readonly HealthCheck[]> {
  const name = 'service bus clock';
  const url = target.kind === 'entra' ? new URL(`https://${namespaceHost(target.namespace)}/`) : adminUrl(target);
  const there = await withinTime({ clock, limitMs: LIMIT_MS, operation: 'ask for the time' }, (signal) => dateOf(url, signal)).catch(() => null);
  // Whoever cannot be asked is told of by the other checks.
  if (there === null) return [];
  const ahead = clock.now() - there;
  const seconds = Math.round(Math.abs(ahead) / 1000);
  if (seconds * 1000 <= SMALL_MS) return [ok(name, 'this machine and the service agree')];
  const detail = `this machine is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} the service`;
  const remedy = 'let this machine follow a time server (`timedatectl set-ntp true`)';
  return [Math.abs(ahead) < SIGNATURE_MS ? warn(name, detail, remedy) : fail(name, `${detail}: its signatures are refused`, remedy)];
}

/** Of the Date header, which every answer has, also one that refuses. */
function dateOf(url: URL, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method: 'GET', signal, agent: false }, (response) => {
      response.resume();
      const date = Date.parse(response.headers.date ?? '');
      resolve(Number.isNaN(date) ? null : date);
      response.destroy();
    });
    request.once('error', reject);
    request.end();
  });
}

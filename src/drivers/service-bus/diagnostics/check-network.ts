// Whether the namespace has an address, whether its port answers, and whether what answers speaks AMQP.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { Clock } from '../../../ports/clock.js';
import type { HealthCheck } from '../../../ports/diagnostics.js';
import { isAzureHost, isLoopback } from '../connection-string.js';
import { serviceBusError } from '../service-bus-errors.js';
import type { AmqpAddress } from '../target.js';
import { withinTime } from '../../azure-access/within-time.js';
import { greetAmqp, reaches } from './amqp-greeting.js';
import { fail, ok } from '../../azure-access/health.js';

const RESOLVE_MS = 3_000;
const GREET_MS = 3_000;
const HTTPS_MS = 1_500;
const NOBODY_HERE = 'nothing listens there: start the emulator with `copiloteval emulator start`, or check the port in the connection string';

export async function checkNetwork(address: AmqpAddress, clock: Clock): Promise<readonly HealthCheck[]> {
  const named = isIP(address.host) === 0 ? [await checkName(address, clock)] : [];
  if (named.some(({ status }) => status === 'fail')) return named;
  return [...named, await checkConnection(address, clock)];
}

async function checkName({ host }: AmqpAddress, clock: Clock): Promise<HealthCheck> {
  const name = 'service bus address';
  try {
    const found = await withinTime({ clock, limitMs: RESOLVE_MS, operation: `resolve ${host}` }, () => lookup(host, { all: true }));
    return ok(name, `${host} is ${found.map((one) => one.address).join(', ')}`);
  } catch (error) {
    const { code, message } = serviceBusError(error, { operation: `resolve ${host}` });
    if (code !== 'SB_NAMESPACE_NOT_FOUND') return fail(name, message, 'check the network, DNS and the VPN of this machine');
    const remedy = isAzureHost(host)
      ? 'no namespace has this name: look it up with `az servicebus namespace list --query "[].name" -o tsv`, or check DNS if it is a private one'
      : 'check the host in the settings; a namespace is `NAME.servicebus.windows.net`';
    return fail(name, `no address is known for ${host}`, remedy);
  }
}

async function checkConnection(address: AmqpAddress, clock: Clock): Promise<HealthCheck> {
  const name = 'service bus connection';
  const { host, port, tls } = address;
  const where = `${host}:${port}${tls ? ' with TLS' : ' without TLS'}`;
  const start = clock.monotonic();
  try {
    await withinTime({ clock, limitMs: GREET_MS, operation: `reach ${where}` }, (signal) => greetAmqp(address, signal));
    return ok(name, `${where} answers in ${Math.round(clock.monotonic() - start)} ms`);
  } catch (error) {
    const { message, hint } = serviceBusError(error, { operation: `reach ${where}` });
    if (!isAzureHost(host)) return fail(name, message, isLoopback(host) && /ECONNREFUSED/.test(message) ? NOBODY_HERE : (hint ?? 'check host and port'));
    const byHttps = await withinTime({ clock, limitMs: HTTPS_MS, operation: 'reach port 443' }, (signal) => reaches(host, 443, signal)).catch(() => false);
    const remedy = byHttps
      ? `port 443 of it answers and ${port} does not: let the firewall open ${port} to the outside`
      : 'neither its port 5671 nor 443 answers: check the network, the VPN, and the firewall rules of the namespace (`az servicebus namespace network-rule-set show`)';
    return fail(name, message, remedy);
  }
}

// Which hosts `http` jobs may call. A payload comes from anybody who may submit; the worker may sit in a network where
// private addresses lead to databases, metadata services and consoles.

import { BlockList, isIP } from 'node:net';

import { PermanentError } from '../../../domain/errors.js';

/** Not reachable from the open internet: IANA's special-purpose registries, multicast included. */
const NOT_PUBLIC = blockList(
  ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24'],
  ['192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // The last three carry an IPv4 address inside, which would have to be looked at again; nobody needs them here.
  ['::/128', '::1/128', '100::/64', '2001:db8::/32', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'],
);

export class AddressRules {
  readonly #allowed: readonly { readonly host: string; readonly port: string | undefined }[];

  /** `allowHosts`: `host`, `host:port`, `*.example.com`; when empty, every host with a public address. */
  constructor(allowHosts: readonly string[]) {
    this.#allowed = allowHosts.map(parsePattern);
  }

  /**
   * Throws ADDRESS_REFUSED (permanent) for a host that no rule allows. Returns whether its addresses have to be public:
   * a host that is listed may be anywhere.
   */
  check(url: URL): { publicOnly: boolean } {
    const host = bareHost(url);
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    if (this.#allowed.some((rule) => matches(rule.host, host) && (rule.port === undefined || rule.port === port))) return { publicOnly: false };
    if (this.#allowed.length > 0) throw refused(`host ${url.host} is not in httpAllowHosts`);
    if (isIP(host) !== 0 && !isPublic(host)) throw refused(`${host} is not a public address`);
    return { publicOnly: true };
  }
}

/** False for every address that is private, local, reserved or multicast, however it is written. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPublic(mapped);
  // The same written in hexadecimal; also the obsolete IPv4-compatible form.
  if (family === 6 && /^::/.test(address) && address !== '::' && address !== '::1') return false;
  return !NOT_PUBLIC.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

export function refused(what: string): PermanentError {
  return new PermanentError(`${what}: an http job may not call it (the setting httpAllowHosts decides)`, { code: 'ADDRESS_REFUSED' });
}

/** Without the brackets of an IPv6 literal and the dot of an absolute name. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();
}

function parsePattern(text: string): { host: string; port: string | undefined } {
  const literal = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (literal?.[1] !== undefined) return { host: literal[1].toLowerCase(), port: literal[2] };
  if (isIP(text) === 6) return { host: text.toLowerCase(), port: undefined };
  const [host = '', port] = text.split(':');
  return { host: host.toLowerCase(), port };
}

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length : pattern === host;
}

function blockList(...groups: readonly (readonly string[])[]): BlockList {
  const list = new BlockList();
  for (const network of groups.flat()) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

import { describe, expect, test } from 'vitest';

import { adminUrl, amqpAddress, namespaceHost, namespaceName, sdkConnectionString, type ServiceBusTarget } from '../../../../src/drivers/service-bus/target.js';

const KEY = `${'Ab3+/'.repeat(8)}xyz=`;

function withString(connectionString: string, adminEndpoint?: string): Extract<ServiceBusTarget, { kind: 'connection-string' }> {
  return { kind: 'connection-string', connectionString, ...(adminEndpoint === undefined ? {} : { adminEndpoint }) };
}

const AZURE = withString(`Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=${KEY};EntityPath=jobs`);
const EMULATOR = withString('Endpoint=sb://localhost:5673;SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true');
const ENTRA: ServiceBusTarget = { kind: 'entra', namespace: 'shop', credential: 'auto' };

describe('a target', () => {
  test('says where AMQP listens', () => {
    expect(amqpAddress(AZURE)).toEqual({ host: 'shop.servicebus.windows.net', port: 5671, tls: true });
    expect(amqpAddress(EMULATOR)).toEqual({ host: 'localhost', port: 5673, tls: false });
    expect(amqpAddress(withString(EMULATOR.connectionString.replace(':5673', '')))).toEqual({ host: 'localhost', port: 5672, tls: false });
    expect(amqpAddress(ENTRA)).toEqual({ host: 'shop.servicebus.windows.net', port: 5671, tls: true });
  });

  test('says where administration is', () => {
    expect(adminUrl(AZURE).href).toBe('https://shop.servicebus.windows.net/');
    expect(adminUrl(EMULATOR).href).toBe('http://localhost:5300/');
    expect(adminUrl(withString(EMULATOR.connectionString, ' http://127.0.0.1:5301 ')).href).toBe('http://127.0.0.1:5301/');
    expect(adminUrl(withString(EMULATOR.connectionString, 'https://admin.example:443/')).href).toBe('https://admin.example/');
  });

  test.each(['localhost:5300', 'ftp://localhost', 'http://user:pw@localhost', 'http://localhost/path', 'http://localhost?x=1', 'nonsense'])(
    'refuses %s as an administration address',
    (endpoint) => {
      expect(() => adminUrl(withString(EMULATOR.connectionString, endpoint))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );

  test('has a name for people', () => {
    expect([namespaceName(AZURE), namespaceName(ENTRA), namespaceName(EMULATOR)]).toEqual(['shop', 'shop', 'localhost:5673']);
  });

  test('drops the queue from the string for the SDK, which would refuse to open any other', () => {
    expect(sdkConnectionString(AZURE)).toBe(`Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=${KEY}`);
  });

  test.each([
    ['shop', 'shop.servicebus.windows.net'],
    [' sb://Shop.servicebus.windows.net/ ', 'shop.servicebus.windows.net'],
    ['https://shop.servicebus.chinacloudapi.cn', 'shop.servicebus.chinacloudapi.cn'],
  ])('takes %j as a namespace', (written, host) => {
    expect(namespaceHost(written)).toBe(host);
  });

  test('does not repeat a connection string that was given as a namespace', () => {
    expect(() => namespaceHost(AZURE.connectionString)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => namespaceHost(AZURE.connectionString)).not.toThrow(expect.objectContaining({ message: expect.stringContaining(KEY) }));
  });
});

// Connection strings that are wrong in each way people get them wrong, and that none of it ever shows a key.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalConnectionString, inspectConnectionString, parseConnectionString } from '../../../../src/drivers/service-bus/connection-string.js';

const KEY = `${'Ab3+/'.repeat(8)}xyz=`;
const GOOD = `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=worker;SharedAccessKey=${KEY}`;
const EMULATOR = 'Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true';

function problemsOf(text: string): string[] {
  return inspectConnectionString(text).problems.map(({ status, detail }) => `${status}: ${detail}`);
}

describe('a good connection string', () => {
  test('is read', () => {
    expect(problemsOf(GOOD)).toEqual([]);
    expect(parseConnectionString(GOOD)).toEqual({
      host: 'shop.servicebus.windows.net', port: null, tls: true, keyName: 'worker', key: KEY, signature: null, entityPath: null,
    });
  });

  test.each([
    ['spaces around it', `  ${GOOD} \n`],
    ['a semicolon at its end', `${GOOD};`],
    ['spaces around its parts', GOOD.replaceAll(';', ' ; ')],
    ['parts in another order', GOOD.split(';').reverse().join(';')],
    ['names in another case', GOOD.replace('Endpoint', 'endpoint').replace('SharedAccessKeyName', 'sharedaccesskeyname')],
    ['parts of older clients', `${GOOD};TransportType=Amqp;OperationTimeout=00:01:00`],
    ['no slash behind the host', GOOD.replace('.net/', '.net')],
    ['the host in capitals', GOOD.replace('shop', 'SHOP')],
  ])('may have %s', (_what, text) => {
    expect(problemsOf(text)).toEqual([]);
    expect(parseConnectionString(text)).toEqual(parseConnectionString(GOOD));
  });

  test('of an emulator means no TLS, and its key is not judged', () => {
    expect(problemsOf(EMULATOR)).toEqual([]);
    expect(parseConnectionString(EMULATOR)).toMatchObject({ host: 'localhost', port: null, tls: false });
    expect(parseConnectionString(EMULATOR.replace('localhost', 'localhost:5673').replace('=true', '=True'))).toMatchObject({ port: 5673, tls: false });
  });

  test('is handed on in the spelling that the SDK reads', () => {
    expect(canonicalConnectionString(parseConnectionString(` ${EMULATOR.replace('UseDevelopmentEmulator=true', 'usedevelopmentemulator=TRUE')};EntityPath=q `))).toBe(
      'Endpoint=sb://localhost/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true',
    );
  });
});

describe('what cannot work', () => {
  test.each([
    ['', 'it is empty'],
    ['   ', 'it is empty'],
    [`"${GOOD}"`, 'quotes'],
    [`'${GOOD}`, 'quotes'],
    [`{"primaryConnectionString":"${GOOD}"}`, 'JSON'],
    ['@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)', 'Key Vault'],
    [GOOD.replace(KEY, '<your key>'), 'placeholder'],
    [GOOD.replace(KEY, '${SERVICE_BUS_KEY}'), 'placeholder'],
    [GOOD.replace(';SharedAccessKey=', ';\nSharedAccessKey='), 'line break'],
    [GOOD.replace('worker', 'work\u200ber'), 'no connection string has'],
    [GOOD.replace('worker', '“worker”'), 'no connection string has'],
    ['shop.servicebus.windows.net', 'no `Name=value` parts'],
    [GOOD.replace(/^Endpoint=[^;]*;/, ''), 'it has no Endpoint'],
    [GOOD.replace('sb://', 'http://'), 'begins with http://'],
    [GOOD.replace('sb://', 'https://'), 'begins with https://'],
    [GOOD.replace('sb://', 'amqps://'), 'begins with amqps://'],
    [GOOD.replace('sb://', ''), 'not an address of the form'],
    [GOOD.replace('.net/', '.net:0/'), 'port'],
    [GOOD.replace('.net/', '.net/jobs/'), 'path behind the host'],
    [GOOD.replace(';SharedAccessKeyName', 'SharedAccessKeyName'), 'path behind the host'],
    [GOOD.replace(/;SharedAccessKeyName=worker/, ''), 'no SharedAccessKeyName'],
    [GOOD.replace(/;SharedAccessKey=.*/, ''), 'no SharedAccessKey'],
    [GOOD.replace(KEY, ''), 'no SharedAccessKey'],
    [GOOD.replace(';SharedAccessKey=', 'SharedAccessKey='), 'perhaps a `;` is missing'],
    [GOOD.replace(KEY, `${KEY.slice(0, 20)} ${KEY.slice(20)}`), 'a space in it'],
    [GOOD.replace(KEY, `${KEY.slice(0, 20)};${KEY.slice(20, 30)}`), 'has no `=`'],
    [`${GOOD};${GOOD}`, 'Endpoint is in it twice'],
    [`${GOOD};SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1&skn=z`, 'both a key and'],
    [EMULATOR.replace('UseDevelopmentEmulator', 'UseDevelopmentEmulater'), 'UseDevelopmentEmulator is'],
    [EMULATOR.replace('UseDevelopmentEmulator', 'UseEmulator'), 'UseDevelopmentEmulator is'],
    [EMULATOR.replace('=true', '=yes'), 'neither true nor false'],
    [EMULATOR.replace('SharedAccessKey=', 'SharedAcessKey='), 'SharedAccessKey is'],
    [`${GOOD};UseDevelopmentEmulator=true`, 'its host is in Azure'],
    ['DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=abc==;EndpointSuffix=core.windows.net', 'a storage account'],
    ['AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey=abc==;', 'Cosmos DB'],
    ['HostName=shop.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=abc=', 'an IoT hub'],
    ['Endpoint=https://shop.azconfig.io;Id=x;Secret=abc', 'App Configuration'],
    ['Endpoint=https://shop.service.signalr.net;AccessKey=abc;Version=1.0;', 'SignalR'],
    ['InstrumentationKey=abc;IngestionEndpoint=https://x', 'Application Insights'],
    ['Server=tcp:shop.database.windows.net;Password=abc', 'a database'],
  ])('%j is refused: %s', (text, says) => {
    expect(problemsOf(text).filter((problem) => problem.startsWith('fail')).join('\n')).toContain(says);
    expect(() => parseConnectionString(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringMatching(/\S/) }));
  });
});

describe('what may not work', () => {
  test.each([
    [GOOD.replace(KEY, KEY.slice(0, -1)), 'has 43 characters and no `=`'],
    [GOOD.replace(KEY, KEY.slice(4)), 'has 40 characters'],
    [`${GOOD};EntityPath=jobs`, 'the queue jobs'],
    [GOOD.replace('.servicebus.windows.net', ''), 'is not one of Azure'],
    [EMULATOR.replace(';UseDevelopmentEmulator=true', ''), 'no `UseDevelopmentEmulator=true`'],
    [GOOD.replace(/SharedAccessKeyName.*/, 'SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1&skn=z'), 'ready-made signature'],
  ])('%j is taken with a warning: %s', (text, says) => {
    expect(problemsOf(text).join('\n')).toContain(says);
    expect(() => parseConnectionString(text)).not.toThrow();
  });
});

describe('secrets', () => {
  /** Base64 as keys have it, long enough not to be a word of a message by chance. */
  const keys = fc.stringMatching(/^[A-Za-z0-9+/]{24,43}=?$/);
  const damages: readonly ((text: string, at: number) => string)[] = [
    (text) => text,
    (text, at) => text.slice(0, at),
    (text, at) => text.slice(at),
    (text, at) => text.slice(0, at) + text.slice(at + 1),
    (text, at) => `${text.slice(0, at)};${text.slice(at)}`,
    (text, at) => `${text.slice(0, at)}=${text.slice(at)}`,
    (text, at) => `${text.slice(0, at)} ${text.slice(at)}`,
    (text) => text.replaceAll(';', ''),
    (text) => text.replaceAll('=', ''),
    (text) => text.replaceAll(';', ','),
    (text) => text.replace('SharedAccessKey=', 'SharedAcesKey='),
    (text) => text.replace('Endpoint=', ''),
    (text) => `"${text}"`,
    (text) => `${text};${text}`,
  ];

  test('no message, hint or remedy repeats eight characters of a key, however the string is damaged', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom(...damages), fc.nat(120), fc.constantFrom('sb', 'http', 'https'), (key, damage, at, scheme) => {
        const text = damage(`Endpoint=${scheme}://shop.servicebus.windows.net/;SharedAccessKeyName=worker;SharedAccessKey=${key};EntityPath=jobs`, at);
        const shown = inspectConnectionString(text).problems.map(({ detail, remedy }) => `${detail}\n${remedy}`);
        try {
          parseConnectionString(text);
        } catch (error) {
          shown.push(String(error), JSON.stringify(error), String((error as Error).stack));
        }
        for (let start = 0; start + 8 <= key.length; start += 1) expect(shown.join('\n')).not.toContain(key.slice(start, start + 8));
      }),
      { numRuns: 2000 },
    );
  });
});

import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.js';
import { placeAt } from '../../../src/config/data-dir.js';
import { openEnvironment } from '../../../src/config/environment.js';
import { writeConfigFile } from '../../../src/config/config-file.js';
import { chooseQueue, type QueueChoice } from '../../../src/config/queue-choice.js';
import { tempDir } from '../../support/temp-dir.js';

async function choiceOf(variables: Readonly<Record<string, string>>, profile: Readonly<Record<string, unknown>> = {}): Promise<QueueChoice> {
  const place = placeAt(tempDir(), 'test', true);
  writeConfigFile(place.configFile, { profile: 'default', profiles: { default: profile } });
  const cwd = tempDir();
  return chooseQueue(loadConfig({ place, env: await openEnvironment(variables, cwd), cwd, profile: undefined }));
}

const CONNECTION = { AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b' };

test('without settings the queues are in the file', async () => {
  expect(await choiceOf({})).toEqual({ kind: 'sqlite', switchedOff: false });
});

test.each(['true', 'TRUE', 'True', ' true '])('the flag is on for %j', async (text) => {
  expect(await choiceOf({ USE_SERVICE_BUS: text })).toEqual({ kind: 'servicebus', strict: false });
});

test.each(['false', '1', 'yes', 'on', 'truee'])('the flag is off for %j, whatever the profile says', async (text) => {
  expect(await choiceOf({ USE_SERVICE_BUS: text, ...CONNECTION }, { queue: 'servicebus' })).toEqual({ kind: 'sqlite', switchedOff: true });
});

test('a profile that asks for Service Bus is strict, also with the flag on', async () => {
  expect(await choiceOf({}, { queue: 'servicebus' })).toEqual({ kind: 'servicebus', strict: true });
  expect(await choiceOf({ USE_SERVICE_BUS: 'true' }, { queue: 'servicebus' })).toEqual({ kind: 'servicebus', strict: true });
});

test('a connection alone does not switch Service Bus on, and says that work may be left there', async () => {
  expect(await choiceOf(CONNECTION)).toEqual({ kind: 'sqlite', switchedOff: true });
  expect(await choiceOf({ AZURE_SERVICE_BUS_NAMESPACE: 'contoso.servicebus.windows.net' })).toEqual({ kind: 'sqlite', switchedOff: true });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { QueueDefinition } from '../../../src/emulator/queue-catalog.js';
import { readQueuesFile } from '../../../src/emulator/queues-file.js';
import { tempDir } from '../../support/temp-dir.js';

async function read(text: string, name = 'queues.yaml'): Promise<readonly QueueDefinition[]> {
  const file = join(tempDir(), name);
  writeFileSync(file, text);
  return readQueuesFile(file);
}

describe('a file of queues', () => {
  test('is a list of names and of objects, with durations in either notation and names in either case', async () => {
    const text = `
queues:
  - orders
  - name: team/payments
    lockDuration: 30s
    DefaultMessageTimeToLive: P14D
    maxDeliveryCount: 3
    deadLetteringOnMessageExpiration: true
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: PT20M
    maxSizeInMegabytes: 2048
    maxMessageSizeInKilobytes: 1024
    status: SendDisabled
    userMetadata: paid by card
`;
    expect(await read(text)).toEqual([
      { name: 'orders' },
      {
        name: 'team/payments',
        lockMs: 30_000,
        ttlMs: 14 * 86_400_000,
        maxDeliveryCount: 3,
        deadLetterOnExpiration: true,
        requiresDuplicateDetection: true,
        duplicateWindowMs: 1_200_000,
        maxSizeMb: 2048,
        maxMessageBytes: 1024 * 1024,
        status: 'SendDisabled',
        userMetadata: 'paid by card',
      },
    ]);
  });

  test('may be JSON, and a list without anything around it', async () => {
    expect(await read('[{"name": "a", "lockDuration": "PT5M"}, "b"]', 'queues.json')).toEqual([{ name: 'a', lockMs: 300_000 }, { name: 'b' }]);
  });

  test("may have the layout of the configuration of Microsoft's emulator", async () => {
    const config = {
      UserConfig: {
        Namespaces: [
          {
            Name: 'sbemulatorns',
            Queues: [
              {
                Name: 'queue.1',
                Properties: {
                  DeadLetteringOnMessageExpiration: false,
                  DefaultMessageTimeToLive: 'PT1H',
                  DuplicateDetectionHistoryTimeWindow: 'PT20S',
                  ForwardDeadLetteredMessagesTo: '',
                  ForwardTo: '',
                  LockDuration: 'PT1M',
                  MaxDeliveryCount: 3,
                  RequiresDuplicateDetection: false,
                  RequiresSession: false,
                },
              },
            ],
            Topics: [],
          },
        ],
        Logging: { Type: 'File' },
      },
    };
    expect(await read(JSON.stringify(config), 'Config.json')).toEqual([
      { name: 'queue.1', deadLetterOnExpiration: false, ttlMs: 3_600_000, duplicateWindowMs: 20_000, lockMs: 60_000, maxDeliveryCount: 3, requiresDuplicateDetection: false },
    ]);
  });

  test.each([
    ['queues: {a: 1}', /queues\.yaml: expected a list of queues/],
    ['', /expected a list of queues/],
    ['- 5', /queues\.yaml: queues\[0\]: expected a name/],
    ['- {lockDuration: PT1M}', /queues\[0\]: expected a name/],
    ['- a\n- b c', /queues\[1\]: a queue name is at most 260/],
    ['- a\n- A', /queues\[1\]: the queue A stands at .*queues\[0\] already/],
    ['- {name: a, lockDuration: PT6M}', /queues\[0\]: LockDuration must be from PT0\.1S to PT5M, got PT6M/],
    ['- {name: a, lockDuration: soon}', /LockDuration must be an ISO 8601 duration such as PT1M, got "soon"/],
    ['- {name: a, maxDeliveryCount: [1]}', /MaxDeliveryCount must be a text, a number, true or false/],
    ['- {name: a, maxDeliveryCount: many}', /MaxDeliveryCount must be a whole number, got "many"/],
    ['- {name: a, requiresSession: true}', /RequiresSession is not available in the emulator/],
    ['- {name: a, forwardTo: b}', /ForwardTo is not available/],
    ['UserConfig: {Namespaces: []}', /UserConfig\.Namespaces: expected a list with one namespace/],
    ['UserConfig: {Namespaces: [{Topics: [{Name: t}]}]}', /Namespaces\[0\]\.Topics: topics are not available/],
    ['a: [1', /queues\.yaml is neither JSON nor YAML: .*line 1/],
  ])('is refused with its place: %j', async (text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(message) as string });
  });

  test('suggests the setting that was meant', async () => {
    await expect(read('- {name: a, lockDuraton: PT1M}')).rejects.toMatchObject({ code: 'INPUT_INVALID', hint: 'did you mean `LockDuration`?' });
  });

  test('that is not there is named', async () => {
    await expect(readQueuesFile('/nowhere/queues.yaml')).rejects.toMatchObject({ code: 'FILE_UNREADABLE', message: '/nowhere/queues.yaml cannot be read: ENOENT' });
  });
});

// Taking Service Bus out of use: nothing that was accepted is stranded there.

import { ServiceBusClient } from '@azure/service-bus';
import { describe, expect, test } from 'vitest';
import * as contract from '../support/json-contract.js';
import { checked } from '../support/json-contract.js';
import { openServiceBusHome, type ServiceBusHome } from '../support/service-bus-home.js';
import { tempDir } from '../support/temp-dir.js';

const OFF = { env: { USE_SERVICE_BUS: 'false' } };

/** Waiting, due later, waiting for its retry, never sent, dead-lettered. */
async function fillHome(home: ServiceBusHome): Promise<void> {
  await home.run('submit echo');
  await home.run('submit echo --delay 1h');
  await home.run('submit fail --payload {"mode":"permanent"}');
  await home.run('submit fail');
  await home.run('worker start --max-jobs 3', { env: { AZURE_SERVICE_BUS_RETRY_DELAY: '3600' } });
  await home.run('submit echo');
}

async function statuses(home: ServiceBusHome): Promise<Record<string, number>> {
  const { jobs } = checked(contract.stats, await home.json('stats', OFF));
  return Object.fromEntries(Object.entries(jobs).filter(([, count]) => count > 0));
}

test('with the flag off, stats, doctor and why say what is left and name the command', async () => {
  const home = await openServiceBusHome();
  const { jobId } = checked(contract.submitted, await home.json('submit echo'));
  await home.down();
  expect(checked(contract.stats, await home.json('stats', OFF))).toMatchObject({ source: 'sqlite', leftOnServiceBus: 1, jobs: { Queued: 1 } });
  expect((await home.run('stats', OFF)).stdout).toContain('1 job is left on Service Bus, which is not in use: copiloteval queues drain --to local');
  const doctor = JSON.parse((await home.run('doctor -o json', OFF)).stdout) as { checks: { name: string }[] };
  expect(doctor.checks.find(({ name }) => name === 'left on service bus')).toMatchObject({ status: 'warn', remedy: 'copiloteval queues drain --to local' });
  const story = checked(contract.story, await home.json(`why ${jobId}`, OFF));
  expect(story.situation).toContain('its message is on Service Bus, which is not in use');
  expect(story.next[0]?.command).toBe('copiloteval queues drain --to local --queue evaluation-jobs');
  expect((await home.run('worker start --drain', OFF)).stderr).toContain('left on Service Bus');
});

test('with the flag off, why tells where the dead letter of a job lies, and what helps', async () => {
  const home = await openServiceBusHome();
  const { jobId } = checked(contract.submitted, await home.json('submit fail'));
  await home.run('worker start --drain');
  const there = checked(contract.story, await home.json(`why ${jobId}`));
  expect(there).toMatchObject({ job: { status: 'DeadLettered' }, deadLetter: { queue: 'evaluation-jobs' } });
  const story = checked(contract.story, await home.json(`why ${jobId}`, OFF));
  expect(story).toMatchObject({ deadLetter: null, problem: null });
  expect(story.situation).toContain('Its dead letter is in the queue evaluation-jobs on Service Bus, which is not in use: with USE_SERVICE_BUS=true it can be seen');
  expect(story.next.map(({ command }) => command.split(' ')[1])).toEqual(['logs', 'retry']);
  expect(await home.json(`retry ${jobId}`, OFF)).toMatchObject({ results: [{ status: 'Queued' }] });
  expect(checked(contract.story, await home.json(`why ${jobId}`, OFF))).toMatchObject({ message: { sequence: 4, state: 'waiting' } });
});

describe('queues drain --to local', () => {
  test('moves everything that waits, and the local worker finishes it', async () => {
    const home = await openServiceBusHome();
    await fillHome(home);
    await home.down();
    await home.run('submit echo');
    await home.up();
    expect(checked(contract.drainDryRun, await home.json('queues drain --to local --dry-run', OFF))).toMatchObject({ jobs: 4 });
    const result = checked(contract.drained, await home.json('queues drain --to local --yes', OFF));
    expect(result).toMatchObject({ moved: 4, running: 0, unreadable: 0, problem: null });
    expect(await home.json('stats', OFF)).toMatchObject({ leftOnServiceBus: 0 });
    expect(await home.json('queues drain --to local --yes', OFF)).toMatchObject({ moved: 0, removed: 0 });
    await home.run('worker start --max-jobs 2', OFF);
    // One is due in an hour, and the other's next try was put far away.
    expect(await statuses(home)).toEqual({ Succeeded: 3, Failed: 1, Queued: 2 });
    expect((await home.run('stats', OFF)).stdout).toMatch(/evaluation-jobs +0 +2 +0 +0/);
  });

  test('takes over jobs that another producer put there, and leaves what is none', async () => {
    const home = await openServiceBusHome();
    const client = new ServiceBusClient(home.emulator.connectionString);
    const sender = client.createSender('evaluation-jobs');
    const foreign = { jobId: crypto.randomUUID(), userId: 'they', createdAt: new Date().toISOString(), type: 'echo', payload: { from: 'them' }, priority: 'normal' };
    await sender.sendMessages([{ body: foreign, messageId: 'theirs' }, { body: 'no job at all', messageId: 'other' }]);
    await client.close();
    const result = checked(contract.drained, await home.json('queues drain --to local --yes', OFF));
    expect(result).toMatchObject({ moved: 1, takenOver: 1, removed: 1, unreadable: 1, left: [{ queue: 'evaluation-jobs', active: 1 }] });
    await home.run('worker start --drain', OFF);
    expect(await home.json(`status ${foreign.jobId}`, OFF)).toMatchObject({ status: 'Succeeded', origin: 'external', result: { from: 'them' } });
  });

  test('moves the jobs although Service Bus is away, says so, and does the rest when it is typed again', async () => {
    const home = await openServiceBusHome();
    await home.run('submit echo');
    await home.down();
    const away = await home.run('queues drain --to local --yes -o json', OFF);
    expect([away.code, checked(contract.drained, JSON.parse(away.stdout))]).toEqual([8, expect.objectContaining({ moved: 1, problem: expect.objectContaining({ code: 'SB_UNREACHABLE' }) })]);
    expect((await home.run('worker start --drain', OFF)).stdout).toContain('1 succeeded');
    await home.up();
    expect(await home.json('queues drain --to local --yes', OFF)).toMatchObject({ moved: 0, removed: 1, left: [] });
    expect(await statuses(home)).toEqual({ Succeeded: 1 });
  });

  test('works without the connection too, for the jobs of the store', async () => {
    const home = await openServiceBusHome();
    await home.run('submit echo');
    const without = { env: { USE_SERVICE_BUS: 'false', AZURE_SERVICE_BUS_CONNECTION_STRING: '', AZURE_SERVICE_BUS_ADMIN_ENDPOINT: '' } };
    expect(await home.json('queues drain --to local --yes', without)).toMatchObject({ moved: 1, removed: 0, problem: null });
    expect(await home.json('queues drain --to local --yes', without)).toMatchObject({ moved: 0 });
  });

  test('with the flag on, jobs run from the local queue while new ones go to Service Bus', async () => {
    const home = await openServiceBusHome();
    const { jobId } = checked(contract.submitted, await home.json('submit echo'));
    expect(await home.json('queues drain --to local --yes')).toMatchObject({ moved: 1, removed: 1 });
    expect(await home.json(`status ${jobId}`)).toMatchObject({ queueMode: 'local' });
    expect(checked(contract.submitted, await home.json('submit echo')).queueMode).toBe('service_bus');
    expect((await home.run('worker start --drain')).stdout).toContain('2 succeeded');
  });

  test('asks first, and needs --yes where nobody can answer', async () => {
    const home = await openServiceBusHome();
    await home.run('submit echo');
    expect(await home.run('queues drain --to local', OFF)).toMatchObject({ code: 7, stderr: expect.stringContaining('move 1 job to the local queue?') });
    expect(await home.json('stats', OFF)).toMatchObject({ leftOnServiceBus: 1 });
  });

  test('refuses messages of another store, and nothing is removed', async () => {
    const home = await openServiceBusHome();
    await home.run('submit echo', { dataDir: tempDir() });
    const refused = await home.run('queues drain --to local --yes', OFF);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('[STORE_MISMATCH]')]);
    expect(await home.emulator.catalog.runtime('evaluation-jobs')).toMatchObject({ active: 1 });
  });
});

// One bare loop in a process of its own, since what it is compared with is a process that has just started too: code that
// has run in an earlier round is compiled and up to half as fast again. Prints the rate.

import { ServiceBusClient } from '@azure/service-bus';

import { receiveAndComplete, replayOneAtATime } from './bare-sdk.js';

const [which, queue = '', count, ...rest] = process.argv.slice(2);
const client = new ServiceBusClient(process.env['AZURE_SERVICE_BUS_CONNECTION_STRING'] ?? '');
const loop = { queue, count: Number(count) };
const rate = which === 'replay' ? await replayOneAtATime(client, { ...loop, to: rest[0] ?? '' }) : await receiveAndComplete(client, { ...loop, slots: Number(rest[0]) });
await client.close();
process.stdout.write(String(rate));

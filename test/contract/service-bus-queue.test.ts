// The queue ports on Service Bus: two clients of one emulator, all on one settable clock.

import { describeDeadLetterQueueContract } from './dead-letter-queue.js';
import { describeMessageQueueContract } from './message-queue.js';
import { describeQueueAdminContract } from './queue-admin.js';
import { makeServiceBus } from './service-bus-backend.js';

describeMessageQueueContract('Service Bus', makeServiceBus);
describeDeadLetterQueueContract('Service Bus', makeServiceBus);
describeQueueAdminContract('Service Bus', makeServiceBus);

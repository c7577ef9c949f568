// The list of commands. A command's module is loaded when the command is typed, so that no command pays for another.

import type { CommandEntry } from './command.js';

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: ['submit'],
    summary: 'Save and queue one job, or a stream of jobs',
    group: 'Jobs',
    load: async () => (await import('./submit.js')).submitCommand,
  },
  {
    path: ['status'],
    summary: 'Show one job and its history',
    group: 'Jobs',
    load: async () => (await import('./status.js')).statusCommand,
  },
  {
    path: ['why'],
    summary: 'Explain where a job is, why, and what to do next',
    group: 'Jobs',
    load: async () => (await import('./why.js')).whyCommand,
  },
  {
    path: ['list'],
    summary: 'List jobs, newest first',
    group: 'Jobs',
    load: async () => (await import('./list.js')).listCommand,
  },
  {
    path: ['tail'],
    summary: 'Follow the events of one job, or of all jobs',
    group: 'Jobs',
    load: async () => (await import('./tail.js')).tailCommand,
  },
  {
    path: ['logs'],
    summary: "Show a job's own log lines",
    group: 'Jobs',
    load: async () => (await import('./logs.js')).logsCommand,
  },
  {
    path: ['results'],
    summary: 'Show or export the result of a job',
    group: 'Jobs',
    load: async () => (await import('./results.js')).resultsCommand,
  },
  {
    path: ['cancel'],
    summary: 'Cancel jobs, by id or by an expression',
    group: 'Jobs',
    load: async () => (await import('./cancel.js')).cancelCommand,
  },
  {
    path: ['retry'],
    summary: 'Queue failed, dead-lettered or cancelled jobs again',
    group: 'Jobs',
    load: async () => (await import('./retry.js')).retryCommand,
  },
  {
    path: ['worker', 'start'],
    summary: 'Run jobs',
    group: 'Workers and queues',
    load: async () => (await import('./worker/start.js')).workerStartCommand,
  },
  {
    path: ['worker', 'list'],
    summary: 'List the workers and what they run',
    group: 'Workers and queues',
    load: async () => (await import('./worker/list.js')).workerListCommand,
  },
  {
    path: ['worker', 'drain'],
    summary: 'Ask a worker to end what it runs and stop',
    group: 'Workers and queues',
    load: async () => (await import('./worker/drain.js')).workerDrainCommand,
  },
  {
    path: ['stats'],
    summary: 'Show what waits, what is stuck and how fast it moves',
    group: 'Workers and queues',
    load: async () => (await import('./stats.js')).statsCommand,
  },
  {
    path: ['queues', 'list'],
    summary: 'List the queues with their settings and counts',
    group: 'Workers and queues',
    load: async () => (await import('./queues/list.js')).queuesListCommand,
  },
  {
    path: ['queues', 'create'],
    summary: 'Create queues, or bring their settings up to date',
    group: 'Workers and queues',
    load: async () => (await import('./queues/create.js')).queuesCreateCommand,
  },
  {
    path: ['queues', 'pause'],
    summary: 'Stop workers from taking jobs of a queue',
    group: 'Workers and queues',
    load: async () => (await import('./queues/pause.js')).queuesPauseCommand,
  },
  {
    path: ['queues', 'resume'],
    summary: 'Let workers take jobs of a paused queue again',
    group: 'Workers and queues',
    load: async () => (await import('./queues/resume.js')).queuesResumeCommand,
  },
  {
    path: ['demo'],
    summary: 'See an evaluation, a dead letter and its replay, offline, in ten seconds',
    group: 'Setup',
    load: async () => (await import('./demo.js')).demoCommand,
  },
  {
    path: ['init'],
    summary: 'Set up a data directory and a profile',
    group: 'Setup',
    load: async () => (await import('./init.js')).initCommand,
  },
  {
    path: ['doctor'],
    summary: 'Check that everything works, with a remedy for what does not',
    group: 'Setup',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
  {
    path: ['config', 'show'],
    summary: 'Show the settings in force and where each comes from',
    group: 'Setup',
    load: async () => (await import('./config/show.js')).configShowCommand,
  },
  {
    path: ['config', 'path'],
    summary: 'Show where the data directory and config.json are',
    group: 'Setup',
    load: async () => (await import('./config/path.js')).configPathCommand,
  },
  {
    path: ['config', 'use'],
    summary: 'Make a profile the one in use',
    group: 'Setup',
    load: async () => (await import('./config/use.js')).configUseCommand,
  },
  {
    path: ['prune'],
    summary: 'Delete finished jobs older than the retention',
    group: 'Setup',
    load: async () => (await import('./prune.js')).pruneCommand,
  },
  {
    path: ['completion'],
    summary: 'Print a script that completes commands and options in a shell',
    group: 'Setup',
    load: async () => (await import('./completion.js')).completionCommand,
  },
  {
    path: ['schema', 'print'],
    summary: 'Print a JSON Schema, such as that of the messages on the queue',
    group: 'Setup',
    load: async () => (await import('./schema/print.js')).schemaPrintCommand,
  },
];

// Handler modules: what is accepted, and what is said about those that are not.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { QUEUES } from '../../../src/domain/queue-registry.js';
import { loadHandlerModules } from '../../../src/worker/load-handler-modules.js';
import { type JobTypeSettings, loadJobTypes } from '../../../src/worker/load-job-types.js';
import { tempDir } from '../../support/temp-dir.js';

function moduleFile(code: string): string {
  const file = join(tempDir(), 'handlers.mjs');
  writeFileSync(file, code);
  return file;
}

const GOOD = `export default { type: 'invoice.check', queue: 'invoices', timeoutMs: 5000,
  parse(payload) { if (typeof payload !== 'object') throw new Error('expected an object'); return payload; },
  async run(context, payload) { return { result: payload }; } };`;

function settings(changes: Partial<JobTypeSettings> = {}): JobTypeSettings {
  return { queues: QUEUES, defaultQueue: 'evaluation-jobs', types: {}, handlers: [], httpAllowHosts: [], allowCommandJobs: false, cwd: '/', ...changes };
}

describe('a module', () => {
  test('may export one handler or a list of them', async () => {
    const one = await loadHandlerModules([moduleFile(GOOD)]);
    expect(one).toMatchObject([{ type: 'invoice.check', queue: 'invoices', timeoutMs: 5000 }]);
    const list = await loadHandlerModules([moduleFile(`export default [{ type: 'a', run() {} }, { type: 'b', run() {} }];`)]);
    expect(list.map(({ type }) => type)).toEqual(['a', 'b']);
  });

  test.each([
    ['export const x = 1;', /no default export/],
    ['export default [];', /empty list/],
    ['export default 5;', /expected an object, got number/],
    ['export default null;', /expected an object, got null/],
    ['export default { run() {} };', /type must be .* got undefined/],
    [`export default { type: 'has blanks', run() {} };`, /type must be/],
    [`export default { type: 'x' };`, /\(x\): run must be a function, got undefined/],
    [`export default { type: 'x', run() {}, parse: 1 };`, /parse must be a function, got number/],
    [`export default { type: 'x', run() {}, queue: 7 };`, /queue must be a name, got 7/],
    [`export default { type: 'x', run() {}, timeoutMs: 0 };`, /timeoutMs must be a number above 0, got 0/],
    [`export default { type: 'echo', run() {} };`, /"echo" is built in/],
    [`export default { type: 'bulk_evaluation', run() {} };`, /is built in/],
    [`export default [{ type: 'x', run() {} }, { type: 'x', run() {} }];`, /"x" is also defined/],
    ['export default {', /cannot be loaded/],
    [`import './missing.mjs';`, /cannot be loaded/],
  ])('like %j is refused', async (code, message) => {
    const file = moduleFile(code);
    const error = expect.objectContaining({ code: 'HANDLER_INVALID', message: expect.stringMatching(message) as string }) as Error;
    await expect(loadHandlerModules([file])).rejects.toEqual(error);
    await expect(loadHandlerModules([file])).rejects.toThrow(file);
  });

  test('that is not there is refused with its path', async () => {
    await expect(loadHandlerModules(['/nowhere/handlers.mjs'])).rejects.toMatchObject({ code: 'HANDLER_INVALID', message: expect.stringContaining('/nowhere/handlers.mjs') as string });
  });
});

describe('the job types', () => {
  test('are those of the registry, of the configuration and of modules', async () => {
    const types = loadJobTypes(settings({ handlers: [moduleFile(GOOD)], types: { score: { command: ['score.py'], timeoutSeconds: 30, description: 'score it' } } }));
    expect(await types.resolve('bulk_evaluation')).toMatchObject({ type: 'evaluation', queue: 'evaluation-jobs' });
    expect(await types.resolve('score')).toMatchObject({ type: 'score', queue: 'evaluation-jobs', handlerTimeoutMs: 30_000, summary: 'score it' });
    expect(await types.resolve('invoice.check')).toMatchObject({ queue: 'invoices', handlerTimeoutMs: 5000 });
    expect((await types.all()).map(({ type }) => type)).toEqual(['evaluation', 'batch', 'http', 'command', 'echo', 'sleep', 'fail', 'score', 'invoice.check']);
    expect(types.queue('invoices')).toMatchObject({ name: 'invoices', maxAttempts: 3 });
  });

  test('load modules only for a type that is neither built in nor configured', async () => {
    const types = loadJobTypes(settings({ handlers: ['/nowhere/handlers.mjs'] }));
    expect(await types.resolve('echo')).toMatchObject({ type: 'echo' });
    await expect(types.resolve('ecko')).rejects.toMatchObject({ code: 'HANDLER_INVALID' });
  });

  test('refuse an unknown type with the nearest one', async () => {
    const types = loadJobTypes(settings({ types: { scoring: { command: ['x'] } } }));
    await expect(types.resolve('ecko')).rejects.toMatchObject({ code: 'TYPE_UNKNOWN', hint: 'did you mean `echo`?' });
    await expect(types.resolve('scorign')).rejects.toMatchObject({ hint: 'did you mean `scoring`?' });
    await expect(types.resolve('toString')).rejects.toMatchObject({ code: 'TYPE_UNKNOWN' });
    expect(() => types.queue('evaluation-job')).toThrow(expect.objectContaining({ code: 'QUEUE_UNKNOWN', hint: 'did you mean `evaluation-jobs`?' }) as Error);
  });

  test('check payloads by the handler of a module', async () => {
    const type = await loadJobTypes(settings({ handlers: [moduleFile(GOOD)] })).resolve('invoice.check');
    await expect(type.checkPayload({ a: 1 })).resolves.toBeUndefined();
    await expect(type.checkPayload('text')).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', message: 'payload: expected an object' });
  });

  test('of configuration and modules cannot share a name, nor take a built-in one', async () => {
    const types = loadJobTypes(settings({ handlers: [moduleFile(GOOD)], types: { 'invoice.check': { command: ['x'] } } }));
    await expect(types.handlerRegistry()).rejects.toMatchObject({ code: 'HANDLER_INVALID' });
    expect(() => loadJobTypes(settings({ types: { echo: { command: ['x'] } } }))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });

  test('every built-in type has a handler under its own name', async () => {
    const registry = await loadJobTypes(settings()).handlerRegistry();
    for (const type of registry.types) {
      const { handler } = await registry.load(type);
      expect(handler.type).toBe(type);
    }
    expect(registry.types).toEqual(expect.arrayContaining(['evaluation', 'batch', 'http', 'command', 'echo', 'sleep', 'fail']));
  });

  test('of modules given to the worker only are known to its registry, once', async () => {
    const file = moduleFile(GOOD);
    const types = loadJobTypes(settings({ handlers: [file] }));
    const registry = await types.handlerRegistry([file]);
    expect(registry.has('invoice.check')).toBe(true);
    expect((await registry.load('invoice.check')).timeoutMs).toBe(5000);
  });
});

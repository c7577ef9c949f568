// echo, sleep and fail: small, but drills and measurements stand on what they do.

import { describe, expect, test } from 'vitest';

import { PermanentError } from '../../../../src/domain/errors.js';
import type { Json } from '../../../../src/domain/json.js';
import { checkBuiltinPayload } from '../../../../src/worker/handlers/builtin-handlers.js';
import { echoHandler } from '../../../../src/worker/handlers/echo.js';
import { failHandler } from '../../../../src/worker/handlers/fail.js';
import { parseFailPayload } from '../../../../src/worker/handlers/payloads/fail.js';
import { sleepHandler } from '../../../../src/worker/handlers/sleep.js';
import { TestContext } from '../../../support/handler-context.js';

const SETTINGS = { allowCommandJobs: false };

describe('echo', () => {
  test.each([[null], [0], ['text'], [{ a: [1, { b: null }] }]])('returns %j', async (payload) => {
    expect(await echoHandler.run(new TestContext(), payload)).toEqual({ result: payload });
    await expect(checkBuiltinPayload('echo', payload, SETTINGS)).resolves.toBeUndefined();
  });
});

describe('sleep', () => {
  test('tells how long it slept', async () => {
    expect(await sleepHandler.run(new TestContext(), { ms: 1 })).toEqual({ result: { sleptMs: 1 } });
  });

  test('ends when its signal fires', async () => {
    const context = new TestContext();
    const slept = sleepHandler.run(context, { ms: 86_400_000 });
    context.abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow();
  });

  test.each<[Json, string]>([
    [{}, 'payload.ms: expected a number, got nothing'],
    [{ ms: 'soon' }, 'payload.ms: expected a number, got "soon"'],
    [{ ms: -1 }, 'payload.ms: expected at least 0, got -1'],
    [{ ms: 1.5 }, 'payload.ms: expected a whole number, got 1.5'],
    [{ ms: 1, unit: 's' }, 'payload: unknown field "unit"'],
    [null, 'payload: expected an object, got null'],
  ])('refuses %j', async (payload, message) => {
    await expect(checkBuiltinPayload('sleep', payload, SETTINGS)).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', message });
  });
});

describe('fail', () => {
  test('fails every attempt with an error that can be grouped', async () => {
    await expect(failHandler.run(new TestContext({ attempt: 3 }), parseFailPayload(null))).rejects.toMatchObject({ code: 'DRILL_FAILURE', message: 'failed on purpose (always, attempt 3)' });
  });

  test('fails for good in mode permanent', async () => {
    await expect(failHandler.run(new TestContext(), parseFailPayload({ mode: 'permanent' }))).rejects.toBeInstanceOf(PermanentError);
  });

  test('fails as often as it is told and then succeeds', async () => {
    const payload = parseFailPayload({ mode: 'always', times: 2, message: 'not yet' });
    await expect(failHandler.run(new TestContext({ attempt: 2 }), payload)).rejects.toThrow('not yet');
    expect(await failHandler.run(new TestContext({ attempt: 3 }), payload)).toEqual({ result: { failedAttempts: 2 } });
  });

  test.each<[Json, string]>([
    [{ mode: 'sometimes' }, 'payload.mode: expected one of "always", "permanent", "crash", got "sometimes"'],
    [{ times: 0 }, 'payload.times: expected at least 1, got 0'],
  ])('refuses %j', async (payload, message) => {
    await expect(checkBuiltinPayload('fail', payload, SETTINGS)).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', message });
  });
});

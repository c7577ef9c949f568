// command: programs as handlers. The programs are small Node scripts, so that nothing else must be installed.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { createCommandHandler, createProgramHandler } from '../../../../src/worker/handlers/command.js';
import { linesOf } from '../../../../src/worker/handlers/command/line-splitter.js';
import { checkBuiltinPayload } from '../../../../src/worker/handlers/builtin-handlers.js';
import { TestContext } from '../../../support/handler-context.js';
import { tempDir } from '../../../support/temp-dir.js';
import { until } from '../../../support/turns.js';

/** Runs the script as a program of the configuration. */
function runScript(script: string, context = new TestContext({ type: 'mine', payload: { n: 1 } }), cwd = tempDir()): Promise<unknown> {
  const handler = createProgramHandler({ type: 'mine', command: [process.execPath, '-e', script], cwd });
  return Promise.resolve(handler.run(context, context.job.payload));
}

describe('what a program gets and says', () => {
  test('the JobMessage is on its standard input, with the payload and the attempt', async () => {
    const context = new TestContext({ type: 'mine', payload: { n: 1 }, attempt: 2 });
    const script = `let t='';process.stdin.on('data',(d)=>t+=d).on('end',()=>console.log(JSON.stringify({type:'result',result:JSON.parse(t)})))`;
    expect(await runScript(script, context)).toMatchObject({
      result: { jobId: context.job.jobId, type: 'mine', payload: { n: 1 }, attempt: 2, userId: 'someone', priority: 'normal' },
    });
  });

  test('progress, artifacts and the last result are taken, other lines go to the log', async () => {
    const context = new TestContext();
    const cwd = tempDir();
    writeFileSync(join(cwd, 'out.csv'), 'a,b\n1,2\n');
    const script = [
      { type: 'progress', completed: 1, total: 4, message: 'reading' },
      { type: 'artifact', name: 'out.csv', path: 'out.csv', contentType: 'text/csv' },
      { type: 'artifact', name: 'note.txt', content: 'hello' },
      { type: 'result', result: 1 },
      { type: 'progress', completed: 'many' },
      { type: 'result', result: { answer: 42 } },
    ].map((line) => `console.log(${JSON.stringify(JSON.stringify(line))})`);
    expect(await runScript(`${script.join(';')};console.log('plain');console.error('to stderr');process.stdout.write('{no json')`, context, cwd)).toEqual({ result: { answer: 42 } });
    expect(context.told).toEqual([{ completed: 1, total: 4, message: 'reading' }]);
    expect(Object.fromEntries(context.files)).toEqual({ 'out.csv': 'a,b\n1,2\n', 'note.txt': 'hello' });
    expect(context.lines).toEqual(expect.arrayContaining(['info plain', 'info to stderr', 'info {no json', 'info {"type":"progress","completed":"many"}']));
  });

  test('a program that reads nothing and says nothing has the result null', async () => {
    const context = new TestContext({ payload: 'x'.repeat(500_000) });
    expect(await runScript('', context)).toEqual({ result: null });
  });

  test('an artifact that is not there fails the attempt', async () => {
    const line = JSON.stringify({ type: 'artifact', name: 'a', path: 'missing.txt' });
    await expect(runScript(`console.log(${JSON.stringify(line)});setTimeout(()=>{},60000)`)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('exit codes', () => {
  test('65 never works', async () => {
    await expect(runScript(`console.error('row 3 is broken');process.exitCode=65`)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'EXIT_65',
      message: 'the program ended with exit code 65: row 3 is broken',
    });
  });

  test.each([75, 1, 127])('%i may work another time', async (code) => {
    await expect(runScript(`process.exitCode=${code}`)).rejects.toMatchObject({ name: 'Error', code: `EXIT_${code}` });
  });

  test('a program that is killed may work another time', async () => {
    await expect(runScript(`process.kill(process.pid,'SIGKILL')`)).rejects.toMatchObject({ name: 'Error', code: 'KILLED_SIGKILL' });
  });

  test('a program that is not there never works', async () => {
    const handler = createProgramHandler({ type: 'mine', command: ['/nonexistent/program'], cwd: tempDir() });
    await expect(Promise.resolve(handler.run(new TestContext(), null))).rejects.toMatchObject({ name: 'PermanentError', code: 'COMMAND_NOT_FOUND' });
  });
});

describe('abort', () => {
  test('ends the program and what it started', async () => {
    const context = new TestContext();
    const cwd = mkdtempSync(join(tempDir(), 'group-'));
    const inner = `const fs=require('fs');process.on('SIGTERM',()=>{fs.writeFileSync('ended','');process.exit()});setInterval(()=>{},1000);fs.writeFileSync('inner','')`;
    const script = `require('child_process').spawn(process.execPath,['-e',${JSON.stringify(inner)}],{stdio:'inherit'});setInterval(()=>{},1000)`;
    const running = runScript(script, context, cwd);
    const exists = (name: string): boolean => {
      try {
        readFileSync(join(cwd, name));
        return true;
      } catch {
        return false;
      }
    };
    await until(() => exists('inner'), 'the inner program');
    context.abort.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    await until(() => exists('ended'), 'the end of the inner program');
  });

  test('before the start starts nothing', async () => {
    const context = new TestContext();
    context.abort.abort(new Error('cancelled'));
    const cwd = tempDir();
    await expect(runScript(`require('fs').writeFileSync('ran','')`, context, cwd)).rejects.toThrow('cancelled');
    expect(() => readFileSync(join(cwd, 'ran'))).toThrow();
  });
});

describe('the built-in type', () => {
  test('is refused, at submit and at the run, unless the configuration allows it', async () => {
    const payload = { command: [process.execPath, '--version'] };
    await expect(checkBuiltinPayload('command', payload, { allowCommandJobs: false })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(() => createCommandHandler({ allowed: false, cwd: '/' }).parse?.(payload)).toThrow(expect.objectContaining({ code: 'REFUSED' }) as Error);
    await expect(checkBuiltinPayload('command', payload, { allowCommandJobs: true })).resolves.toBeUndefined();
  });

  test('runs the program of its payload without a shell', async () => {
    const handler = createCommandHandler({ allowed: true, cwd: tempDir() });
    const payload = handler.parse?.({ command: [process.execPath, '-e', `console.log(JSON.stringify({type:'result',result:process.argv.slice(1)}))`, '$HOME; echo x'] });
    expect(await handler.run(new TestContext(), payload as never)).toEqual({ result: ['$HOME; echo x'] });
  });

  test.each([[{}], [{ command: [] }], [{ command: [''] }], [{ command: 'ls -l' }], [{ command: ['ls'], cwd: 'relative' }]])('refuses the payload %j', async (payload) => {
    await expect(checkBuiltinPayload('command', payload, { allowCommandJobs: true })).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
  });
});

describe('lines', () => {
  async function split(chunks: readonly string[], maxBytes = 100): Promise<{ text: string; cut: boolean }[]> {
    const lines: { text: string; cut: boolean }[] = [];
    const bytes = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
    })();
    for await (const line of linesOf(bytes, maxBytes)) lines.push(line);
    return lines;
  }

  test('are found across chunks, with either line end, also without the last one', async () => {
    expect(await split(['on', 'e\r\ntw', 'o\n', '\nfour'])).toEqual(['one', 'two', '', 'four'].map((text) => ({ text, cut: false })));
  });

  test('keep characters that are cut between chunks whole', async () => {
    expect(await split(['\xc3', '\xa4\n'])).toEqual([{ text: 'ä', cut: false }]);
  });

  test('are cut at the bound', async () => {
    expect(await split(['abc', 'def\ngh'], 4)).toEqual([{ text: 'abcd', cut: true }, { text: 'gh', cut: false }]);
  });
});

// Where a submission's data comes from: the command line, a file, standard input.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { MAX_PAYLOAD_BYTES } from '../services/submit-prepare.js';
import type { CommandContext } from './command.js';

const CHUNK_BYTES = 256 * 1024;

type InputContext = Pick<CommandContext, 'cwd' | 'io' | 'signal'>;

/** The value of `--payload`: JSON, `@file`, or `-` for standard input. */
export async function readPayloadOption(text: string, context: InputContext): Promise<Json> {
  if (text === '-') return parseJson(await readStandardInput(context), 'standard input');
  if (!text.startsWith('@')) return parseJson(text, '--payload');
  const path = text.slice(1);
  return parseJson(await readSmallFile(resolve(context.cwd, path), path), path);
}

/** INPUT_INVALID with line and column. */
export function parseJson(text: string, where: string): Json {
  const withoutMark = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(withoutMark) as Json;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const hint = where === '--payload' ? 'quote it for the shell: --payload \'{"key": "value"}\'; or read it from a file: --payload @file.json' : undefined;
    throw new AppError('INPUT_INVALID', `${where}${placeOf(problem, withoutMark)} is not JSON: ${problem.replace(/ \(line \d+ column \d+\)$/, '')}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** A file's bytes from the start, or those of standard input for `-`. FILE_UNREADABLE comes before the first byte. */
export async function openInput(path: string, context: InputContext): Promise<AsyncIterable<Uint8Array>> {
  if (path === '-') return bytesOf(standardInput(context));
  const file = resolve(context.cwd, path);
  await checkReadable(file, path);
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}

export interface FileSource {
  /** Without folders. */
  readonly name: string;
  readonly bytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** A file that can be read several times. FILE_UNREADABLE. */
export async function fileSource(path: string, cwd: string): Promise<FileSource> {
  if (path === '-') {
    throw new AppError('USAGE_INVALID', '--file needs a file: it is read twice, once to check it and once to store it', {
      hint: 'save standard input to a file first',
    });
  }
  const file = resolve(cwd, path);
  const bytes = await checkReadable(file, path);
  return { name: basename(file), bytes, open: () => createReadStream(file, { highWaterMark: CHUNK_BYTES }) };
}

async function readSmallFile(file: string, shown: string): Promise<string> {
  const bytes = await checkReadable(file, shown);
  if (bytes > MAX_PAYLOAD_BYTES) throw tooLarge(shown, bytes);
  return readAll(createReadStream(file), shown);
}

/** All of it, as text. */
export async function readStandardInput(context: InputContext): Promise<string> {
  return readAll(standardInput(context), 'standard input');
}

/** Stops reading when the command is interrupted: a terminal or pipe left open would keep the process alive. */
function standardInput({ io, signal }: InputContext): Readable {
  if (io.stdinIsTerminal) io.note('reading from the terminal; end with Ctrl-D');
  const stop = (): void => void io.stdin.destroy();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return io.stdin;
}

/** A stream that was told an encoding gives texts. */
async function* bytesOf(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

async function readAll(source: AsyncIterable<Uint8Array | string>, shown: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bytesOf(source)) {
    bytes += chunk.length;
    if (bytes > MAX_PAYLOAD_BYTES) throw tooLarge(shown, bytes);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new AppError('INPUT_INVALID', `${shown}: expected UTF-8, got other bytes`, { hint: 'save the file as UTF-8', cause: error });
  }
}

/** The file's size. FILE_UNREADABLE when it is missing, a directory, or closed to us. */
async function checkReadable(file: string, shown: string): Promise<number> {
  try {
    const info = await stat(file);
    if (info.isDirectory()) throw unreadable(shown, 'it is a directory');
    await (await open(file, 'r')).close();
    return info.size;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw unreadable(shown, 'there is no such file', error);
    throw unreadable(shown, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(shown: string, reason: string, cause?: unknown): AppError {
  return new AppError('FILE_UNREADABLE', `${shown} cannot be read: ${reason}`, cause === undefined ? {} : { cause });
}

function tooLarge(shown: string, bytes: number): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `${shown}: expected at most ${MAX_PAYLOAD_BYTES} bytes of payload, got ${bytes} or more`, {
    hint: 'give rows as a dataset with `--file`, many jobs with `--from`',
  });
}

/** V8 tells the position as an offset. */
function placeOf(problem: string, text: string): string {
  const at = /at position (\d+)/.exec(problem)?.[1];
  if (at === undefined) return '';
  const before = text.slice(0, Number(at)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

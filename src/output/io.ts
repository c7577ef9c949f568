// What commands print through. Data goes to stdout in the asked format, remarks and questions to stderr.

import type { Readable } from 'node:stream';
import { AppError } from '../domain/errors.js';
import type { LineAsker } from './ask-line.js';
import { ProgressBar, type Progress } from './progress.js';
import { printable } from './sanitize.js';
import type { Streams } from './streams.js';
import type { Style } from './style.js';

export const OUTPUT_FORMATS = ['text', 'json', 'jsonl'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** One answer, in each of its forms. */
export interface Answer {
  /** The contract of docs/json-output.md. */
  readonly json: unknown;
  /** For people; a function is called only when text was asked for. Data in it has gone through printable(). */
  readonly text: string | (() => string);
  /** The items of a list: with `-o jsonl` each is a line, instead of the whole object. */
  readonly lines?: readonly unknown[];
}

export interface Question {
  /** A yes-or-no question, without the `[y/N]`. */
  readonly question: string;
  /** Asks to type this text instead of `y`. */
  readonly expect?: string;
  /** --yes is not an answer to it. */
  readonly always?: boolean;
}

export interface Io {
  readonly format: OutputFormat;
  readonly stdin: Readable;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Columns of stdout's terminal; 80 without one. */
  readonly columns: number;
  /** For text on stdout. */
  readonly style: Style;
  /** For text on stderr. */
  readonly errorStyle: Style;
  /** Prints one answer; call it once per command. */
  print(answer: Answer): void;
  /** Prints one item of a stream of unknown length: a JSON line with `-o json` and `-o jsonl`, else the text. */
  line(json: unknown, text: string | (() => string)): void;
  /** Writes to stdout as it is: exports, schemas, scripts. */
  write(text: string): void;
  /** A remark on stderr. Silent with --quiet, and with JSON output unless it has a form for that: one line. Data in it has gone through printable(). */
  note(text: string, json?: object): void;
  /** A warning on stderr; with JSON output one line `{"warning":{"message"}}`. */
  warn(text: string): void;
  /** A progress bar on stderr, if that is a terminal; it appears after a second unless `atOnce`. */
  progress(settings: { readonly label: string; readonly total?: number; readonly atOnce?: boolean }): Progress;
  /**
   * Returns when the user agrees. Throws REFUSED when not, CONFIRMATION_REQUIRED when there is no terminal to ask
   * on; --yes agrees to everything that is not asked `always`.
   */
  confirm(question: Question): Promise<void>;
  /** Asks for a line of text on a terminal; `fallback` is what an empty answer, --yes or no terminal mean. */
  ask(question: string, fallback: string): Promise<string>;
}

export interface IoSettings {
  readonly format: OutputFormat;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly style: Style;
  readonly errorStyle: Style;
  /** Ends a question that waits for its answer. */
  readonly signal: AbortSignal;
  /** Milliseconds that only grow; for the progress bar. */
  readonly monotonicMs: () => number;
}

/** The real Io, over any streams. */
export class StreamIo implements Io {
  readonly #streams: Streams;
  readonly #settings: IoSettings;
  #bar: ProgressBar | undefined;
  #asker: LineAsker | undefined;

  constructor(streams: Streams, settings: IoSettings) {
    this.#streams = streams;
    this.#settings = settings;
  }

  get format(): OutputFormat {
    return this.#settings.format;
  }
  get stdin(): Readable {
    return this.#streams.stdin;
  }
  get stdinIsTerminal(): boolean {
    return this.#streams.stdinIsTerminal;
  }
  get stdoutIsTerminal(): boolean {
    return this.#streams.stdout.isTerminal;
  }
  get stderrIsTerminal(): boolean {
    return this.#streams.stderr.isTerminal;
  }
  get columns(): number {
    return this.#streams.stdout.columns;
  }
  get style(): Style {
    return this.#settings.style;
  }
  get errorStyle(): Style {
    return this.#settings.errorStyle;
  }

  print({ json, text, lines }: Answer): void {
    if (this.format === 'text') this.write(withLineEnd(typeof text === 'string' ? text : text()));
    else if (this.format === 'json') this.write(`${JSON.stringify(json, null, 2)}\n`);
    else for (const item of lines ?? [json]) this.write(`${JSON.stringify(item)}\n`);
  }

  line(json: unknown, text: string | (() => string)): void {
    if (this.format !== 'text') this.write(`${JSON.stringify(json)}\n`);
    else this.write(withLineEnd(typeof text === 'string' ? text : text()));
  }

  write(text: string): void {
    if (text !== '') this.#streams.stdout.write(text);
  }

  note(text: string, json?: object): void {
    if (this.#settings.quiet) return;
    if (this.format === 'text') this.#remark(`${text}\n`);
    else if (json !== undefined) this.#remark(`${JSON.stringify(json)}\n`);
  }

  warn(text: string): void {
    const line =
      this.format === 'text'
        ? `${this.errorStyle.yellow('warning:')} ${printable(text)}`
        : JSON.stringify({ warning: { message: text } });
    this.#remark(`${line}\n`);
  }

  progress({ label, total, atOnce }: { label: string; total?: number; atOnce?: boolean }): Progress {
    if (this.#settings.quiet || !this.stderrIsTerminal) return SILENT_PROGRESS;
    const bar = new ProgressBar(this.#streams.stderr, {
      label,
      total,
      delayMs: atOnce ? 0 : 1000,
      style: this.errorStyle,
      monotonicMs: this.#settings.monotonicMs,
    });
    this.#bar = bar;
    return bar;
  }

  async confirm({ question, expect, always }: Question): Promise<void> {
    if (this.#settings.yes && always !== true) return;
    if (!this.#canAsk()) {
      throw new AppError('CONFIRMATION_REQUIRED', `there is no terminal to ask on: ${question}`, {
        hint: 'add `--yes` to agree, or `--dry-run` to look first where the command has it',
      });
    }
    const prompt = expect === undefined ? `${question} [y/N] ` : `${question} Type ${JSON.stringify(expect)} to go on: `;
    const answer = await this.#question(prompt);
    const agreed = expect === undefined ? /^y(es)?$/i.test(answer) : answer === expect;
    if (!agreed) throw new AppError('REFUSED', 'nothing was changed: the answer was not yes');
  }

  async ask(question: string, fallback: string): Promise<string> {
    if (this.#settings.yes || !this.#canAsk()) return fallback;
    const answer = await this.#question(fallback === '' ? `${question}: ` : `${question} [${fallback}]: `);
    return answer === '' ? fallback : answer;
  }

  #canAsk(): boolean {
    return this.stdinIsTerminal && this.stderrIsTerminal;
  }

  async #question(prompt: string): Promise<string> {
    const { LineAsker } = await import('./ask-line.js');
    this.#asker ??= new LineAsker(this.stdin, this.#streams.stderr);
    return this.#asker.ask(printable(prompt), this.#settings.signal);
  }

  #remark(text: string): void {
    this.#bar?.clear();
    this.#streams.stderr.write(text);
  }
}

const SILENT_PROGRESS: Progress = { update: () => undefined, done: () => undefined };

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

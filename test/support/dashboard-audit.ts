// Reads the bytes a dashboard wrote to its terminal and says where they break a rule of a screen that never flickers. The
// rules stand at the checks below, by their letters. The reader is an emulator of its own, fed frame by frame.

import xterm from '@xterm/headless';

export interface SizeChange {
  /** Characters that had been written when the window got this size. */
  readonly at: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Audit {
  /** One line per broken rule; none when the screen never flickered. */
  readonly broken: readonly string[];
  readonly frames: number;
  /** Frames that cleared the screen first. */
  readonly clears: number;
  readonly rowsWritten: number;
  readonly characters: number;
}

const ESC = '\u001b';
const BEGIN = `${ESC}[?2026h`;
const END = `${ESC}[?2026l`;
/** The alternate screen, without wrapping, without a cursor, with marked pastes, focus reports and a wheel that scrolls. */
/** Behind a frame: whether the terminal is there yet. It shows nothing. */
const QUESTION = `${ESC}[5n`;
const SCREEN = ['?1049h', '?7l', '?25l'].map((mode) => `${ESC}[${mode}`).join('');
const INPUT = ['?2004h', '?1004h', '?1007h'].map((mode) => `${ESC}[${mode}`).join('');
/** What stands before the program is read in: rows on an empty screen. */
const FIRST_ROWS = /^(?:\u001b\[\d+;1H(?:[^\u0000-\u001f\u007f]|\u001b\[[\d;]*m)+)+(?=\u001b\[\?)/u;
const LEAVE = `${END}${ESC}[0m${['?1007l', '?1004l', '?2004l', '?25h', '?7h', '?1049l'].map((mode) => `${ESC}[${mode}`).join('')}`;
/** The bell and the clipboard, which draw nothing. */
const SIDE = new RegExp(`^(?:\\u0007|${ESC}\\]52;c;[A-Za-z0-9+/=]*\\u0007|${ESC}Ptmux;${ESC}${ESC}\\]52;c;[A-Za-z0-9+/=]*\\u0007${ESC}\\\\)`);
 
const ROW = /^\u001b\[(\d+);1H((?:[^\u0000-\u001f\u007f]|\u001b\[[\d;:]*m)*?)\u001b\[0m(\u001b\[K)?(?=\u001b\[\d+;1H|$)/u;
const CLEAR = `${ESC}[0m${ESC}[2J`;

/**
 * `raw` begins with what the program wrote first and ends with it: shells before and after are cut off. `whole` says what
 * is wrong with a screen, or undefined when it is a whole frame.
 */
export async function auditFrames(raw: string, sizes: readonly SizeChange[], whole: (screen: readonly string[]) => string | undefined): Promise<Audit> {
  const [first, ...later] = sizes;
  if (first === undefined) throw new Error('no size to begin with');
  const auditor = new Auditor(first, later, whole);
  await auditor.read(raw);
  return auditor;
}

class Auditor implements Audit {
  readonly broken: string[] = [];
  frames = 0;
  clears = 0;
  rowsWritten = 0;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #whole: (screen: readonly string[]) => string | undefined;
  readonly #sizes: SizeChange[];
  #size: SizeChange;
  /** The window has another size and the program has not drawn for it yet. */
  #isLate = false;
  /** Sizes, and returns from a suspension, that the program may clear the screen for. */
  #reasons = 0;
  characters = 0;

  constructor(first: SizeChange, later: readonly SizeChange[], whole: (screen: readonly string[]) => string | undefined) {
    this.#size = first;
    this.#sizes = [...later];
    this.#whole = whole;
    this.#terminal = new xterm.Terminal({ cols: first.columns, rows: first.rows, allowProposedApi: true });
  }

  async read(raw: string): Promise<void> {
    let rest = raw;
    while (rest !== '') {
      this.#applySizes(raw.length - rest.length);
      const taken = await this.#take(rest);
      if (taken === 0) {
        // (a), (b): nothing but these; so no screen is cleared, left or wiped by anything else either.
        this.#break(raw.length - rest.length, `neither a frame nor a way in or out: ${JSON.stringify(rest.slice(0, 80))}`);
        return;
      }
      rest = rest.slice(taken);
    }
  }

  async #take(rest: string): Promise<number> {
    if (rest.startsWith(BEGIN)) {
      const end = rest.indexOf(END);
      const inner = end === -1 ? '' : rest.slice(BEGIN.length, end);
      // (b): a frame is ended before the next begins.
      if (end === -1 || inner.includes(BEGIN)) return 0;
      await this.#frame(inner);
      return end + END.length + (rest.startsWith(QUESTION, end + END.length) ? QUESTION.length : 0);
    }
    for (const way of [SCREEN, INPUT, LEAVE]) {
      if (!rest.startsWith(way)) continue;
      // After a suspension everything is drawn anew.
      if (way === LEAVE) this.#reasons += 1;
      await this.#feed(way);
      return way.length;
    }
    const painted = this.frames === 0 ? FIRST_ROWS.exec(rest)?.[0] : undefined;
    if (painted !== undefined) {
      await this.#feed(painted);
      return painted.length;
    }
    return SIDE.exec(rest)?.[0].length ?? 0;
  }

  #applySizes(at: number): void {
    for (let next = this.#sizes[0]; next !== undefined && next.at <= at; next = this.#sizes[0]) {
      this.#sizes.shift();
      this.#terminal.resize(next.columns, next.rows);
      this.#size = next;
      this.#isLate = true;
      this.#reasons += 1;
    }
  }

  async #frame(inner: string): Promise<void> {
    this.frames += 1;
    this.characters += inner.length;
    let rest = inner;
    // Nothing is known of the screen when the first frame is written.
    const isFirst = this.frames === 1;
    const clears = rest.startsWith(CLEAR);
    if (clears) {
      // (a): once per resize or return, never otherwise.
      if (this.#reasons === 0) this.#break(this.frames, 'the screen was cleared without a reason');
      this.clears += 1;
      rest = rest.slice(CLEAR.length);
      // A frame that was on its way when the window changed once more is for the size before, and another clear follows.
      this.#isLate = this.#reasons > 1 && !this.#fits(rest);
      this.#reasons = this.#isLate ? this.#reasons - 1 : Math.min(1, this.#reasons - 1);
      await this.#feed(CLEAR);
    }
    while (rest !== '') {
      // (a), (c), (f): a row is a place, text, colours, and at most its own tail erased after it; nothing else is in a frame.
      const match = ROW.exec(rest);
      if (match === null) return this.#break(this.frames, `no row: ${JSON.stringify(rest.slice(0, 80))}`);
      await this.#row(Number(match[1]), match[0], match[2] ?? '', clears || isFirst);
      rest = rest.slice(match[0].length);
    }
    this.#look();
  }

  /** As many rows as the window has, and none wider. */
  #fits(rows: string): boolean {
    const texts = rows.split(/\u001b\[\d+;1H/u).slice(1).map((row) => row.replace(/\u001b\[[\d;:]*[mK]/gu, ''));
    return texts.length === this.#size.rows && texts.every((text) => text.length <= this.#size.columns);
  }

  async #row(number: number, bytes: string, text: string, isNew: boolean): Promise<void> {
    this.rowsWritten += 1;
    const before = this.#cells(number - 1);
    await this.#feed(bytes);
    if (this.#isLate) return;
    // (e)
    if (number > this.#size.rows) this.#break(this.frames, `row ${number} of ${this.#size.rows}`);
    const shown = this.#text(number - 1);
     
    const wanted = text.replace(/\u001b\[[\d;:]*m/g, '').trimEnd();
    if (shown !== wanted) this.#break(this.frames, `row ${number} shows ${JSON.stringify(shown)}, ${JSON.stringify(wanted)} was written: it is wider than ${this.#size.columns}`);
    // (d)
    if (!isNew && before === this.#cells(number - 1)) this.#break(this.frames, `row ${number} was written and has not changed: ${JSON.stringify(shown)}`);
  }

  /** (g): what a terminal that knows nothing of frames shows after it is a whole screen. */
  #look(): void {
    if (this.#isLate) return;
    const problem = this.#whole(Array.from({ length: this.#size.rows }, (_, row) => this.#text(row)));
    if (problem !== undefined) this.#break(this.frames, problem);
  }

  #feed(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  #text(row: number): string {
    const { active } = this.#terminal.buffer;
    return (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd();
  }

  /** Characters with their colours and attributes. */
  #cells(row: number): string {
    const line = this.#terminal.buffer.active.getLine(this.#terminal.buffer.active.baseY + row);
    return Array.from({ length: this.#terminal.cols }, (_, column) => {
      const cell = line?.getCell(column);
      if (cell === undefined) return '';
      const attributes = [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor(), cell.isBold(), cell.isDim(), cell.isInverse(), cell.isUnderline()];
      return `${cell.getChars() || ' '}${attributes.join(',')}`;
    }).join(';');
  }

  #break(where: number, what: string): void {
    this.broken.push(`${where}: ${what}`);
  }
}

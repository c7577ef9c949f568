// Terminal: what the dashboard asks of the terminal it runs in. Whole frames go in, named keys come out; how rows are
// compared, which modes are set and how they are taken back on every way out is the implementation's matter.

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** One press of a key. */
export interface Key {
  /**
   * A character stands for itself (`j`, `R`, `/`, `ä`). Named: `space enter escape tab shift-tab backspace delete up down
   * left right home end pageup pagedown`. With modifiers `ctrl-d`, `alt-x`. Several keys that arrive in one read come
   * one by one.
   */
  readonly name: string;
  /** What a text field takes in: the character, a blank for `space`; null for keys that write nothing. */
  readonly text: string | null;
}

export type TerminalEvent =
  | { readonly kind: 'key'; readonly key: Key }
  /** A bracketed paste, whole, without its brackets. */
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'focus'; readonly focused: boolean }
  /** The terminal has gone (hang-up, closed pipe): nothing that is drawn arrives any more. */
  | { readonly kind: 'gone' };

export interface Written {
  readonly frames: number;
  readonly bytes: number;
  /** Frames that a newer one took the place of before they were written. */
  readonly dropped: number;
}

export interface Terminal {
  /**
   * Rejects with an exception that nobody in the process caught; the terminal has been given back by then. To be raced
   * against whatever ends the dashboard: the process would otherwise end without a word about it.
   */
  readonly failure: Promise<never>;

  /** Never 0; 80×24 where the terminal does not tell. */
  readonly size: Size;

  /**
   * Shows the frame: rows with line feeds between them, styled with SGR sequences only, at most `size.rows` rows of at most
   * `size.columns` cells. Rows that are shorter end in blanks. Called faster than the terminal takes frames, only the
   * newest is shown. The first call enters the alternate screen.
   */
  draw(frame: string): void;

  /** Events from now on, in order. The returned function ends it. */
  listen(listener: (event: TerminalEvent) => void): () => void;

  /**
   * Gives the terminal back as it was, runs the function, takes it again and shows the last frame anew. Events that arrive
   * in between are not reported. Rejects with what the function throws, with the terminal taken again.
   */
  suspend<T>(run: () => Promise<T>): Promise<T>;

  /**
   * Lets the user change a text in the editor of his choice, on a file of this name in a private directory. Null when the
   * editor ended with an error. CONFIG_INVALID when it cannot be started; FILE_UNWRITABLE and FILE_UNREADABLE as usual.
   */
  edit(document: { readonly name: string; readonly text: string }): Promise<string | null>;

  /** Puts a text on the clipboard of the user's own machine, as far as the terminal lets programs do so; it does not tell. */
  copy(text: string): void;

  bell(): void;

  /** Since the first frame. */
  written(): Written;

  /** Stops the process until the shell brings it back (Ctrl-Z), where the system has that; then draws the last frame anew. */
  stop(): void;

  /** Leaves the terminal as it was before the first frame. Any number of calls, from anywhere, also from an exit handler. */
  restore(): void;
}

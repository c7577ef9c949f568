// The terminal modes the dashboard runs in, and the way back. Sequences: xterm's control sequences (DECSET).

/** How frames are shown. */
const SHOWING = [
  // The other screen, so that the user's scrollback is what it was.
  { set: '?1049h', reset: '?1049l' },
  // No wrapping: the last cell of the last row may be written without scrolling the screen.
  { set: '?7l', reset: '?7h' },
  // No cursor.
  { set: '?25l', reset: '?25h' },
] as const;

/** What the terminal sends. */
const TELLING = [
  // Pasted text comes between marks.
  { set: '?2004h', reset: '?2004l' },
  // Tells when the window gets and loses the focus.
  { set: '?1004h', reset: '?1004l' },
  // The wheel sends arrow keys while the other screen is shown.
  { set: '?1007h', reset: '?1007l' },
] as const;

const setAll = (modes: readonly { readonly set: string }[]): string => modes.map(({ set }) => `\u001b[${set}`).join('');

/** For a screen that is painted and not yet read from: what the terminal tells would be echoed. */
export const SCREEN_MODES = setAll(SHOWING);
/** The rest, when keys are read. */
export const INPUT_MODES = setAll(TELLING);
export const ENTER_MODES = SCREEN_MODES + INPUT_MODES;

/** In reverse; colours go back to normal first. An open frame is ended, so that no terminal waits for the rest of it. */
export const LEAVE_MODES = `\u001b[?2026l\u001b[0m${[...SHOWING, ...TELLING].reverse().map(({ reset }) => `\u001b[${reset}`).join('')}`;

// Whether a terminal can show more than ASCII, as far as the environment tells.

export type Variables = Readonly<Record<string, string | undefined>>;

/** False for a locale that is not UTF-8, and for the console of Linux, whose font lacks most of what is drawn. */
export function speaksUnicode({ LC_ALL, LC_CTYPE, LANG, TERM }: Variables): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return TERM !== 'linux' && (locale === undefined || locale === '' || /utf-?8/i.test(locale));
}

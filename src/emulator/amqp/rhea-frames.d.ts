// A module inside rhea that its typings leave out.
declare module 'rhea/lib/frames.js' {
  const frames: { disposition(fields: Readonly<Record<string, unknown>>): object };
  export = frames;
}

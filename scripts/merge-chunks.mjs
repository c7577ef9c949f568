// Merges the chunks that the common command lines load into few files. Each chunk costs a third of a millisecond to find,
// read and link, and splitting by entry point makes dozens of small ones; start-up is a feature.
//
// A merged file has every export of its chunks; the chunks themselves stay as one line that passes them on, so other
// chunks find what they import and a class exists once. What the chunks import on demand is still run on demand.

import { build } from 'esbuild';
import { dirname, join, relative } from 'node:path';

/**
 * `result` is of a build with `metafile` and `splitting` and without `write`. What `entry` imports at once stays as it is.
 * Each group has the source files that its command lines import; what an earlier group has merged is not merged again.
 * Returns path → text of the files to write.
 */
export async function mergeChunks(result, root, entry, groups) {
  const { outputs } = result.metafile;
  const texts = new Map(result.outputFiles.map(({ path, text }) => [relative(root, path), text]));
  const kept = staticClosure(outputs, [entry]);
  const inlined = new Set();
  for (const { name, sources } of groups) {
    const target = `dist/chunks/${name}.js`;
    const chunks = [...staticClosure(outputs, sources)].filter((file) => !kept.has(file) && !inlined.has(file)).sort();
    for (const chunk of chunks) inlined.add(chunk);
    const text = await mergedText({ root, target, chunks, outputs, texts, inlined });
    for (const [index, file] of chunks.entries()) {
      texts.set(file, reexport(outputs[file].exports, (exported) => [nameIn(index, exported), exported], place(file, target)));
    }
    texts.set(target, text);
  }
  return texts;
}

async function mergedText({ root, target, chunks, outputs, texts, inlined }) {
  const entry = chunks.map((file, index) => reexport(outputs[file].exports, (exported) => [exported, nameIn(index, exported)], place(target, file)));
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entry.join('\n'), resolveDir: join(root, dirname(target)), sourcefile: 'merged-entry.js' },
    outfile: target,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
    plugins: [chunksFromMemory({ root, target, texts, inlined })],
  });
  return outputFiles[0].text;
}

/** The chunks of these source files and all they import statically. */
function staticClosure(outputs, sources) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    for (const { path, kind, external } of outputs[file].imports) if (kind === 'import-statement' && external !== true) visit(path);
  };
  for (const source of sources) {
    const file = Object.keys(outputs).find((path) => outputs[path].entryPoint === source);
    if (file === undefined) throw new Error(`no chunk begins with ${source}`);
    visit(file);
  }
  return found;
}

function nameIn(index, exported) {
  return `c${index}_${exported}`;
}

function reexport(exports, rename, from) {
  const names = exports.map((exported) => rename(exported)).map(([own, as]) => (own === as ? own : `${own} as ${as}`));
  return names.length === 0 ? `import ${JSON.stringify(from)};` : `export { ${names.join(', ')} } from ${JSON.stringify(from)};`;
}

function place(from, to) {
  const path = relative(dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Chunks of this and earlier groups are read from memory, the latter as the line that passes on; all else stays an import. */
function chunksFromMemory({ root, target, texts, inlined }) {
  return {
    name: 'chunks-from-memory',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, resolveDir, namespace }) => {
        if (!path.startsWith('.')) return { path, external: true };
        const file = relative(root, join(namespace === 'chunk' ? resolveDir : join(root, dirname(target)), path));
        return inlined.has(file) ? { path: file, namespace: 'chunk' } : { path: place(target, file), external: true };
      });
      onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({ contents: texts.get(path), loader: 'js', resolveDir: join(root, dirname(path)) }));
    },
  };
}

// Lint: the rules of the compiler's side (types, promises), and the architecture (layers, sizes, who may touch what).
// Each architectural rule says what to do instead; test/unit/tooling/lint-rules.test.ts shows that each one bites.

import { readdirSync } from 'node:fs';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const DRIVERS = readdirSync(new URL('src/drivers', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** A layer, the folders of src/ it may import, and what to do instead of importing another. */
function layer(target, mayImport, instead) {
  return {
    target: `./src/${target}`,
    from: './src',
    except: mayImport.map((folder) => `./${folder}`),
    message: `src/${target} may import only ${mayImport.map((folder) => `src/${folder}`).join(', ')}. ${instead}`,
  };
}

const LAYERS = [
  layer('domain', ['domain'], 'Take what is needed as a parameter; rules with I/O belong to src/services.'),
  layer('ports', ['domain', 'ports'], 'A port speaks in words of the domain.'),
  layer('evaluation', ['domain', 'evaluation'], 'Evaluation is pure: reading and storing is the handler’s part (src/worker/handlers).'),
  layer('services', ['domain', 'ports', 'evaluation', 'services'], 'Ask for the port (src/ports) as a parameter; the composition root passes the driver.'),
  ...DRIVERS.map((name) =>
    layer(`drivers/${name}`, [...new Set(['domain', 'ports', 'drivers/connection-sqlite', 'drivers/azure-access', `drivers/${name}`])], 'A driver implements ports; what two drivers share belongs to src/domain.'),
  ),
  layer('worker', ['domain', 'ports', 'services', 'evaluation', 'worker'], 'Take settings and backends as parameters from src/runtime.ts or the command.'),
  layer('output', ['domain', 'ports/clock.ts', 'output'], 'Pass plain values in.'),
  layer('config', ['domain', 'config'], 'Settings are read before anything is opened.'),
  {
    target: './src/commands',
    from: './src',
    except: ['./domain', './ports', './services', './evaluation', './output', './config', './worker', './tui', './api', './emulator', './commands', './runtime.ts', './version.ts', './public.ts'],
    message: 'A command reaches backends through `await context.runtime()` and prints through `context.io`.',
  },
  layer('emulator', ['domain', 'ports', 'drivers/sqlite', 'drivers/connection-sqlite', 'emulator'], 'The emulator is a broker of its own; it knows nothing of jobs.'),
  layer('tui', ['domain', 'ports', 'services', 'output', 'tui'], 'The dashboard uses the services that commands use.'),
  layer('api', ['domain', 'ports', 'services', 'api'], 'The API uses the services that commands use.'),
  {
    target: ['./src/cli.ts', './src/run-command.ts', './src/process-main.ts', './src/public.ts'],
    from: './src/drivers',
    message: 'Only src/runtime.ts and its parts in src/runtime/ import drivers.',
  },
  {
    target: ['./src/runtime.ts', './src/runtime'],
    from: './src',
    except: ['./config', './domain', './ports', './services', './drivers', './worker', './evaluation', './runtime', './runtime.ts'],
    message: 'The composition root knows backends and services, not what uses them.',
  },
];

/** Packages and who may import them: everybody else gets the message. */
const PACKAGES = [
  { name: 'better-sqlite3', only: 'src/drivers/*sqlite', message: 'Only the SQLite drivers speak SQL; use a port.' },
  { name: 'commander', only: 'src/commands', message: 'Only src/commands/parse-command.ts knows commander; declare options with src/commands/option-specs.ts.' },
  { name: 'chalk', only: 'src/output', message: 'Use `io.style`, which knows whether colours are wanted.' },
  { name: 'dotenv', only: 'src/config', message: 'Settings come from `context.config`.' },
  { name: 'rhea', only: 'src/emulator', message: 'Only the emulator speaks AMQP by itself.' },
  { name: '@azure/service-bus', only: 'src/drivers/service-bus', message: 'Use the ports; the driver knows the SDK.' },
  { name: '@azure/cosmos', only: 'src/drivers/cosmos', message: 'Use the JobStore and the other ports of the store.' },
  { name: '@azure/storage-blob', only: 'src/drivers/azure-blob', message: 'Use the BlobStore port.' },
  { name: '@azure/keyvault-secrets', only: 'src/drivers/key-vault', message: 'Secrets are in the settings by the time anybody reads them.' },
  { name: 'ink', only: 'src/tui', message: 'Only the dashboard draws screens.' },
  { name: 'react', only: 'src/tui', message: 'Only the dashboard draws screens.' },
  { name: 'pino', only: 'src/worker', message: 'Take a logger as a parameter.' },
];

function packageRules(folder) {
  const foreign = PACKAGES.filter(({ only }) => only !== folder);
  return {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths: [
          { name: 'zod', message: "Import * as z from 'zod/mini': the classic build costs every command 15 ms." },
          ...foreign.map(({ name, message }) => ({ name, message })),
        ],
      },
    ],
  };
}

const CLOCK = 'Take a Clock (src/ports/clock.ts) as a parameter.';
const RESTRICTED_PROPERTIES = [
  { object: 'process', property: 'exit', message: 'Throw an AppError or set process.exitCode: exit cuts off output that is on its way.' },
  { object: 'process', property: 'env', message: 'Settings come from `context.config`; a new one is a line in src/config/schema.ts.' },
  { object: 'Date', property: 'now', message: CLOCK },
  { object: 'performance', property: 'now', message: CLOCK },
];
const RESTRICTED_SYNTAX = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
  { selector: 'CallExpression[callee.property.name="iterate"]', message: 'Read pages with all(): an iterator that is collected aborts Node 24 (src/drivers/connection-sqlite/open-connection.ts).' },
  { selector: 'ExportAllDeclaration', message: 'No barrel files: import the file that has it.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'examples/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'vitest.config.ts', 'bin/*.js', 'scripts/*.mjs', 'bench/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } })],
      'import-x/extensions': ['.ts', '.tsx', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-misleading-character-class': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-unused-private-class-members': 'error',
      'no-useless-escape': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: LAYERS }],
      'no-restricted-properties': ['error', ...RESTRICTED_PROPERTIES],
      'no-restricted-syntax': ['error', ...RESTRICTED_SYNTAX],
      ...packageRules(undefined),
    },
  },
  ...PACKAGES.map(({ only }) => ({ files: [`${only}/**/*.ts`, `${only}/**/*.tsx`], rules: packageRules(only) })),
  {
    // Static imports of what only some commands need would slow all of them down.
    files: ['src/commands/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(\\.\\./)+(worker|tui|api|emulator)/', message: 'Load it on demand: `await import(…)` inside run.', allowTypeImports: true }] },
      ],
    },
  },
  {
    files: ['src/config/**/*.ts', 'src/cli.ts', 'src/process-main.ts'],
    rules: { 'no-restricted-properties': ['error', ...RESTRICTED_PROPERTIES.filter(({ property }) => property !== 'env')] },
  },
  {
    files: ['src/ports/clock.ts'],
    rules: { 'no-restricted-properties': ['error', ...RESTRICTED_PROPERTIES.filter(({ message }) => message !== CLOCK)] },
  },
  {
    // Tests read parsed JSON and matchers, which are `any` by nature.
    files: ['test/**/*.ts'],
    rules: {
      'no-control-regex': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['*.js', '*.ts', 'bin/**', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);

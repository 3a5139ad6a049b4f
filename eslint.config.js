import tseslint from 'typescript-eslint';

/** Where the environment may be read: the configuration of each process, the local stack, and tests. */
const READS_ENVIRONMENT = ['worker/config.ts', 'api/config.ts', 'local/**', 'test/**'];

const noFocusedTests = [
  {
    selector: 'MemberExpression[object.name=/^(describe|it|test)$/][property.name=/^(only|skip|todo)$/]',
    message: 'Every test runs. Where an outside server may be missing, use `describeWhen` of test/support/.',
  },
  {
    selector: 'CallExpression[callee.name=/^(fdescribe|fit|xdescribe|xit|xtest)$/]',
    message: 'Every test runs.',
  },
];

const noBarrels = [
  {
    selector: 'ExportAllDeclaration',
    message: 'No barrels: import from the file that defines the thing.',
  },
  {
    selector: 'ExportNamedDeclaration[source]',
    message: 'No barrels: import from the file that defines the thing.',
  },
];

export default tseslint.config(
  {
    ignores: [
      'node_modules/',
      'dist/',
      'coverage/',
      '.engines/',
      '.sluice/',
      'console/',
      'test/**/fixtures/',
    ],
  },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers and booleans in a sentence for a person are fine; objects are not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Flags `defineUpdate<void, [...]>`, which is how Temporal types an update without an answer.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Types are structural: an object with the right shape is what a parameter asks for.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A port is asynchronous even where one implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 320, skipBlankLines: false, skipComments: false }],
      'no-restricted-syntax': ['error', ...noFocusedTests, ...noBarrels],
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: READS_ENVIRONMENT,
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Read the environment in worker/config.ts or api/config.ts and pass the value down.',
        },
      ],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', message: 'Use the global, so that reads of `env` are seen.' }] },
      ],
    },
  },
  { files: ['workflows/index.ts'], rules: { 'no-restricted-syntax': ['error', ...noFocusedTests] } },
  // The local stack talks to a person; a main.ts has no logger yet when its configuration is wrong.
  { files: ['local/**/*.ts', '*/main.ts'], rules: { 'no-console': 'off' } },
  {
    // Bodies of answers come untyped, and an expectation states what the type cannot.
    files: ['test/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['test/support/describe-when.ts'], rules: { 'no-restricted-syntax': ['error', ...noBarrels] } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.base],
    rules: { 'max-lines': ['error', { max: 320 }], eqeqeq: ['error', 'always'], 'no-unused-vars': 'error' },
  },
);

/**
 * Tests run as ES modules on TypeScript sources; `./x.js` in an import means `./x.ts` on disk.
 *
 * `npm test` runs two projects. `unit` needs nothing but Node; `engines` gets a Temporal server and a store, started once
 * per test run by test/support/global-setup.mjs, and only when one of its tests runs. Whatever is not listed under
 * `UNIT` belongs to `engines`: a test in the wrong place costs some seconds, never its result.
 */
export const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.engines/', '<rootDir>/.sluice/'],
};

export const withEngines = {
  ...common,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

/** Folders of tests that need no engine. A test in one of them that does is called `*.engines.test.ts`. */
const UNIT = [
  'architecture',
  'activities/records',
  'activities/providers',
  'workflows/contract',
  'scripts',
  'support',
  'local',
  'records',
  'providers',
  'connections',
  'contracts',
  'replay',
];

const inUnit = UNIT.map((folder) => `<rootDir>/test/${folder}/`);

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: inUnit.map((folder) => `${folder}**/*.test.ts`),
      testPathIgnorePatterns: ['\\.engines\\.test\\.ts$'],
    },
    {
      ...withEngines,
      displayName: 'engines',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        '<rootDir>/test/long/',
        ...inUnit.map((folder) => `${folder}(?!.*\\.engines\\.test\\.ts$)`),
      ],
    },
  ],
  maxWorkers: 2,
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/closing-line-reporter.js'],
};

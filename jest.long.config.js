import { withEngines } from './jest.config.js';

/** `npm run test:long`: files of a gigabyte, a million records, long random kills. One at a time, without hurry. */
export default {
  ...withEngines,
  displayName: 'long',
  testMatch: ['<rootDir>/test/long/**/*.test.ts'],
  maxWorkers: 1,
  testTimeout: 3_600_000,
  reporters: ['default', '<rootDir>/test/support/closing-line-reporter.js'],
};

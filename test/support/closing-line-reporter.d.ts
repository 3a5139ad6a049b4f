/** The part of jest's results that the reporter reads. */
export interface RunResults {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { testResults: { status: string; fullName: string }[] }[];
}

export default class ClosingLineReporter {
  onRunComplete(contexts: unknown, results: RunResults): void;
  getLastError(): Error | undefined;
}

/**
 * Describes a suite that needs something from outside (a server that may not be installable on this machine).
 *
 * Where it is missing, the suite is skipped and the reason printed; with `SLUICE_REQUIRE_ALL=1` (as in `.ci/run`) it
 * fails with that reason instead, so that a layer cannot go missing unseen.
 */
export function describeWhen(available: boolean, reason: string, name: string, suite: () => void): void {
  if (available) {
    describe(name, suite);
    return;
  }
  if (process.env['SLUICE_REQUIRE_ALL'] === '1') {
    describe(name, () => {
      it('has what it needs', () => {
        throw new Error(`${reason} SLUICE_REQUIRE_ALL=1 asks for every suite.`);
      });
    });
    return;
  }
  console.warn(`Skipped: ${name}. ${reason}`);
  describe.skip(name, () => {
    it(reason, () => undefined);
  });
}

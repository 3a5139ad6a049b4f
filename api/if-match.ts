import { Problem } from './errors.js';

/** The version that a person's edit is based on; quotes and a weak mark are allowed. Throws 428 without one, 412 for one that cannot be. */
export function versionFrom(header: string | undefined): number {
  if (header === undefined) {
    throw new Problem(
      'precondition_required',
      "Send If-Match with the version of the record that you looked at, so that nobody's change is overwritten unseen. Nothing was changed.",
    );
  }
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim())?.[1];
  if (version === undefined) {
    throw new Problem(
      'version_clash',
      'If-Match must be a version as the record shows it, such as 3. Nothing was changed.',
    );
  }
  return Number(version);
}

export function versionClash(recordId: string, version: number): Problem {
  return new Problem(
    'version_clash',
    `The record was changed meanwhile: its version is now ${version}. Nothing was changed. Get it again, look at what changed, and send your edit with that version.`,
    { recordId, version },
  );
}

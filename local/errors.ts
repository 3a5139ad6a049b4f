/** A mistake or lack that a person can mend; its message is the whole answer, so it is shown without a stack. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** Trying again helps nothing until a person has made room. */
export class DiskFull extends SetupError {}

const FULL_DISK = /no space left on device|disk is full|ENOSPC|disk quota exceeded|EDQUOT/i;

/** The system's name for what went wrong (`ENOENT` ...), if it gave one. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** True for an error or a piece of output that says the disk is full, whoever wrote it. */
export function saysDiskFull(what: unknown): boolean {
  return FULL_DISK.test(`${codeOf(what) ?? ''} ${messageOf(what)}`);
}

/** The answer to a full disk: nothing half-written counts as done, so freeing space and repeating is enough. */
export function diskFull(folder: string): DiskFull {
  return new DiskFull(
    `The disk that holds ${folder} is full. Free some space and run the same command again; nothing needs repair.`,
  );
}

/** The error itself, or the answer to a full disk where that is what it means. */
export function explained(error: unknown, folder: string): unknown {
  return saysDiskFull(error) && !(error instanceof SetupError) ? diskFull(folder) : error;
}

/** One line for a person from anything thrown. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}

/** An id that sorts by time, as UUID version 7 does: made of what is known already, so that a repeat makes the same. */
export function timedId(at: string, uuid: string): string {
  const time = Date.parse(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid.slice(15)}`;
}

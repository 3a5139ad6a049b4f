/** What passes one of these is a problem `too_large`, never an exception. Sizes are bytes of JSON text in UTF-8. */
export const MAX_SOURCE_BYTES = 1024 * 1024;
export const MAX_RECORD_BYTES = 256 * 1024;
export const MAX_LINES = 1000;
/** Of `extra`: what passes is left out with a warning; the source as sent keeps it. */
export const MAX_EXTRA_KEYS = 100;
export const MAX_EXTRA_BYTES = 64 * 1024;
/** `Decimal128` holds no more significant digits. */
export const MAX_DIGITS = 34;

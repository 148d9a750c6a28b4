/**
 * SQL for a number from 0 to 1 that a session always has. A session is in a share if its number is below it, so that
 * two comparisons have the same sessions.
 */
export const placeInShare = (id: string): string =>
  `(('x' || left(encode(sha256(convert_to(${id}, 'UTF8')), 'hex'), 8))::bit(32)::bigint / 4294967296.0)`;

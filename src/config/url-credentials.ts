/** The advice for a URL whose user or password cannot be decoded. */
export const LONE_PERCENT = "write %25 in place of each % in the user and the password";

/** False if the user or the password of a URL has a `%` that begins no code. */
export function isDecodable(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

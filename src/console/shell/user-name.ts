/** The identifier of a visitor of the web chat who did not say who they are. */
const ANONYMOUS = /^anon:/;

/** A user's name in the console. */
export function userName(user: { name: string | null; identifier: string } | null): string {
  if (user === null) return "Anonymous";
  if (user.name !== null) return user.name;
  return ANONYMOUS.test(user.identifier) ? `Visitor ${user.identifier.slice(-5)}` : user.identifier;
}

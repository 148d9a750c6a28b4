import type { User } from "../server/wire.ts";

/** Shows if unprompted messages reach a person, and why not. */
export function Reach({ user }: { user: Pick<User, "reachable"> }) {
  const { ok, reason } = user.reachable;
  if (ok && reason === null) return <span class="chip good">Can be written to</span>;
  return (
    <>
      <span class={`chip ${ok ? "wait" : "bad"}`}>
        {ok ? "Can be written to, with limits" : "Cannot be written to"}
      </span>
      <span>{reason}</span>
    </>
  );
}

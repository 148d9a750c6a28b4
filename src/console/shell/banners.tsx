import { unreachableSince } from "../server/call.ts";
import { useStore } from "../server/store.ts";
import { SignInForm } from "../session/sign-in.tsx";
import { times } from "./times.ts";

/** Says that the session ended. The page stays as it is, with everything that was typed. */
export function SignedOutBanner() {
  return (
    <section class="banner signed-out" aria-label="Signed out">
      <p role="alert">
        <strong>You are signed out.</strong> What you typed is still here. Sign in to go on.
      </p>
      <SignInForm problem={null} takesFocus={false} />
    </section>
  );
}

/** Says that the server does not answer, and how old the page is. */
export function ConnectionBanner() {
  const since = useStore(unreachableSince);
  if (since === null) return null;
  return (
    <p class="banner offline" role="alert">
      No connection since {times.time(since.toISOString())}. You see the last known state. Trying again…
    </p>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../server/call.ts";
import { lookAgain, providerHost, signIn } from "./who.ts";

/** The form that takes an API key. @param props.takesFocus true if the page has nothing else. */
export function SignInForm(props: { problem: string | null; takesFocus: boolean }) {
  const { problem, takesFocus } = props;
  const field = useRef<HTMLInputElement>(null);
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState(problem);

  useEffect(() => {
    if (takesFocus) field.current?.focus();
  }, []);

  async function submit(): Promise<void> {
    if (isBusy || key.trim() === "") return;
    setBusy(true);
    setFailure(null);
    try {
      await signIn(key.trim());
      setKey("");
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
  }

  return (
    <form
      class="sign-in-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label class="field">
        <span>API key</span>
        <input
          ref={field}
          type="password"
          required
          autocomplete="current-password"
          spellcheck={false}
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
      </label>
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      <button type="submit" class="button primary" aria-busy={isBusy}>
        Sign in
      </button>
      <ProviderLink isOnlyThing={takesFocus} />
    </form>
  );
}

/**
 * Leads to the OpenID Connect provider, if one is configured. If the page may have unsaved text, the sign-in happens in
 * another tab. This tab continues afterwards.
 */
function ProviderLink({ isOnlyThing }: { isOnlyThing: boolean }) {
  const [host, setHost] = useState<string | null>(null);
  useEffect(() => {
    providerHost()
      .then(setHost)
      .catch(() => undefined);
    const look = () => void lookAgain();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  if (host === null) return null;
  const to = new URLSearchParams({ to: location.pathname + location.search });
  return (
    <a
      class="button"
      href={`/console/oidc/start?${to}`}
      target={isOnlyThing ? undefined : "_blank"}
      rel="noreferrer"
    >
      Sign in with {host}
    </a>
  );
}

/** The whole page while nobody is signed in. */
export function SignInPage({ problem }: { problem: string | null }) {
  return (
    <main class="sign-in">
      <section aria-labelledby="sign-in-title">
        <div class="mark" aria-hidden="true" />
        <h1 id="sign-in-title">Causeway console</h1>
        <p>Sign in with an API key. It is exchanged for a session, and not kept in this browser.</p>
        <SignInForm problem={problem} takesFocus />
        <p class="hint">
          The first key is in the file <code>api-key</code> of the data directory.
        </p>
      </section>
    </main>
  );
}

import { useRef } from "preact/hooks";
import { newIdempotencyKey } from "./call.ts";

/** The idempotency keys of a form. The key stays while the same call is tried again, so the call is made once. */
export function useAttemptKey() {
  const attempt = useRef({ call: "", key: "" });
  return {
    keyFor(call: unknown): string {
      const text = JSON.stringify(call);
      if (attempt.current.call !== text) attempt.current = { call: text, key: newIdempotencyKey() };
      return attempt.current.key;
    },
    /** The call succeeded. The same words again are another call. */
    forget(): void {
      attempt.current = { call: "", key: "" };
    },
  };
}

import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { may, type Scope } from "../session/who.ts";
import { Problem } from "./problem.tsx";

/** A button and its call of the API. */
export interface ButtonCall {
  label: string;
  method: "POST" | "DELETE";
  path: string;
  body?: unknown;
}

/**
 * Buttons that each make one call, and the reason if a call fails. Without the scope there are none.
 * @param props.of the name of the group for screen readers.
 * @param props.onDone reads the data again after each call; default: all live data of the page.
 */
export function CallButtons(props: {
  scope: Scope;
  of: string;
  calls: readonly ButtonCall[];
  onDone?: () => void;
}) {
  const { scope, of, calls, onDone = tick } = props;
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  if (!may(scope)) return null;

  async function make({ method, path, body }: ButtonCall): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await callApi(method, path, body === undefined ? {} : { body });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    onDone();
  }

  return (
    <div class="delivery-actions" role="group" aria-label={of}>
      {calls.map((call) => (
        <button
          type="button"
          key={call.label}
          class="button small"
          aria-busy={isBusy}
          onClick={() => void make(call)}
        >
          {call.label}
        </button>
      ))}
      <Problem>{failure}</Problem>
    </div>
  );
}

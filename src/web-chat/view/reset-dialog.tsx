import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../chat/call-error.ts";
import type { WireResetOffer } from "../chat/wire.ts";
import { useView } from "./context.ts";
import { reasonOf } from "./reason.ts";
import { useWords } from "./words.ts";

/** Asks how to start over: with which first message, and whether anything happens at the end of this chat. */
export function ResetDialog({ offer, onClose }: { offer: WireResetOffer; onClose: () => void }) {
  const { conversation } = useView();
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const [prompt, setPrompt] = useState(offer.seed_message ?? "");
  const [triggerEvents, setTriggerEvents] = useState(offer.end_events);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  async function carryOut(act: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (error) {
      setFailure(error instanceof CallError ? reasonOf(error, words) : words.notDone);
      setBusy(false);
    }
  }

  const own = offer.prompt === "editable" ? prompt.trim() : null;
  return (
    <dialog ref={dialog} part="dialog" aria-labelledby="reset-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void carryOut(() => conversation.reset({ triggerEvents, prompt: own }));
        }}
      >
        <h2 id="reset-title">{words.startOver}</h2>
        <p>{words.dialogText}</p>
        {offer.prompt !== "hidden" && (
          <label class="prompt">
            <span>{words.prompt}</span>
            <textarea
              required
              rows={3}
              dir="auto"
              readOnly={offer.prompt === "readonly"}
              aria-describedby="prompt-help"
              value={prompt}
              onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
            />
            <small id="prompt-help">{words.promptHelp}</small>
          </label>
        )}
        {offer.end_events && (
          <label class="check">
            <input
              type="checkbox"
              checked={triggerEvents}
              onChange={({ currentTarget }) => setTriggerEvents(currentTarget.checked)}
            />
            <span>{words.endEvents}</span>
          </label>
        )}
        {failure !== "" && (
          <p class="failure" role="alert">
            {failure}
          </p>
        )}
        <div class="actions">
          <button
            type="button"
            class="quiet"
            onClick={() => void carryOut(() => conversation.end({ triggerEvents }))}
          >
            {words.endOnly}
          </button>
          <span class="gap" />
          <button type="button" onClick={() => dialog.current?.close()}>
            {words.cancel}
          </button>
          <button type="submit" class="primary" aria-busy={busy}>
            {words.startOver}
          </button>
        </div>
      </form>
    </dialog>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../chat/call-error.ts";
import type { WireResetOffer } from "../chat/wire.ts";
import { useWords } from "../locales/words.ts";
import dialogCss from "../style/dialog.css?inline";
import { useView } from "./context.ts";
import { reasonOf } from "./reason.ts";
import { styleOf, wearStyle } from "./wear-style.ts";

export interface ResetDialogProps {
  offer: WireResetOffer;
  onClose: () => void;
}

const style = styleOf(dialogCss);

/** Asks for the new chat's first message, and if the rules for this chat's end must run. */
export function ResetDialog({ offer, onClose }: ResetDialogProps) {
  const { conversation } = useView();
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const [prompt, setPrompt] = useState(offer.seed_message ?? "");
  const [triggerEvents, setTriggerEvents] = useState(offer.end_events);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    wearStyle(dialog.current, style);
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
              onInput={({ currentTarget }) => {
                // A text of blanks is empty, but the browser does not count it as empty.
                const isBlank = currentTarget.value.trim() === "";
                currentTarget.setCustomValidity(isBlank ? words.promptHelp : "");
                setPrompt(currentTarget.value);
              }}
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
          <button type="submit" class="primary" aria-busy={busy}>
            {words.startOver}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {words.cancel}
          </button>
          <button
            type="button"
            class="quiet"
            onClick={() => void carryOut(() => conversation.end({ triggerEvents }))}
          >
            {words.endOnly}
          </button>
        </div>
      </form>
    </dialog>
  );
}

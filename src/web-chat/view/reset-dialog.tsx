import { useEffect, useRef, useState } from "preact/hooks";
import type { WireResetOffer } from "../chat/wire.ts";
import { useWords } from "../locales/words.ts";
import dialogCss from "../style/dialog.css?inline";
import { useView } from "./context.ts";
import { useCarryOut } from "./use-carry-out.ts";
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
  const { busy, failure, carryOut } = useCarryOut(onClose);
  useEffect(() => {
    wearStyle(dialog.current, style);
    dialog.current?.showModal();
  }, []);
  const own = offer.prompt === "editable" ? prompt.trim() : null;
  return (
    <dialog ref={dialog} part="dialog" aria-labelledby="reset-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          carryOut(() => conversation.reset({ triggerEvents, prompt: own }));
        }}
      >
        <h2 id="reset-title">{words.startOver}</h2>
        <p>{words.dialogText}</p>
        {offer.prompt !== "hidden" && (
          <PromptField prompt={prompt} isReadOnly={offer.prompt === "readonly"} onPrompt={setPrompt} />
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
        <Actions
          busy={busy}
          onCancel={() => dialog.current?.close()}
          onEnd={() => carryOut(() => conversation.end({ triggerEvents }))}
        />
      </form>
    </dialog>
  );
}

function PromptField(props: { prompt: string; isReadOnly: boolean; onPrompt: (prompt: string) => void }) {
  const words = useWords();
  return (
    <label class="prompt">
      <span>{words.prompt}</span>
      <textarea
        required
        rows={3}
        dir="auto"
        readOnly={props.isReadOnly}
        aria-describedby="prompt-help"
        value={props.prompt}
        onInput={({ currentTarget }) => {
          // A text of blanks is empty, but the browser does not count it as empty.
          const isBlank = currentTarget.value.trim() === "";
          currentTarget.setCustomValidity(isBlank ? words.promptHelp : "");
          props.onPrompt(currentTarget.value);
        }}
      />
      <small id="prompt-help">{words.promptHelp}</small>
    </label>
  );
}

function Actions({ busy, onCancel, onEnd }: { busy: boolean; onCancel: () => void; onEnd: () => void }) {
  const words = useWords();
  return (
    <div class="actions">
      <button type="submit" class="primary" aria-busy={busy}>
        {words.startOver}
      </button>
      <button type="button" onClick={onCancel}>
        {words.cancel}
      </button>
      <button type="button" class="quiet" onClick={onEnd}>
        {words.endOnly}
      </button>
    </div>
  );
}

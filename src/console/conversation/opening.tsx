import { Choice } from "../shell/choice.tsx";

/** The beginning of a new conversation: an instruction to the bot, words as they stand, or nothing. */
export type OpeningKind = "prompt" | "text" | "nothing";

/** Asks how the new conversation begins. */
export function Opening(props: {
  kind: OpeningKind;
  onKind: (kind: OpeningKind) => void;
  words: string;
  onWords: (words: string) => void;
}) {
  const { kind, onKind, words, onWords } = props;
  return (
    <>
      <Choice
        label="The new conversation begins with"
        value={kind}
        onChange={(value) => onKind(value as OpeningKind)}
      >
        {[
          ["prompt", "an instruction to the bot"],
          ["text", "these words, sent as they stand"],
          ["nothing", "the user's next message"],
        ]}
      </Choice>
      {kind !== "nothing" && (
        <label class="prompt">
          <span>{kind === "prompt" ? "Instruction" : "Words"}</span>
          <textarea
            required
            rows={3}
            dir="auto"
            value={words}
            onInput={({ currentTarget }) => {
              // A text of blanks is empty, but the browser does not count it as empty.
              const isBlank = currentTarget.value.trim() === "";
              currentTarget.setCustomValidity(isBlank ? "Write something here." : "");
              onWords(currentTarget.value);
            }}
          />
        </label>
      )}
    </>
  );
}

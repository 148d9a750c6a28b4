import type { Ref } from "preact";
import { useWords } from "../locales/words.ts";
import { isTouch, sends } from "./enter-key.ts";

/** The field for the text of a message. Files can be pasted into it. */
export function MessageField(props: {
  field: Ref<HTMLTextAreaElement>;
  text: string;
  onText: (text: string) => void;
  onSend: () => void;
  /** Null if no files are accepted. */
  onFiles: ((files: readonly File[]) => void) | null;
}) {
  const { onFiles } = props;
  const words = useWords();
  return (
    <textarea
      ref={props.field}
      rows={1}
      placeholder={words.placeholder}
      aria-label={words.yourMessage}
      enterkeyhint={isTouch() ? "enter" : "send"}
      autoComplete="off"
      dir="auto"
      value={props.text}
      onInput={({ currentTarget }) => props.onText(currentTarget.value)}
      onKeyDown={(event) => {
        if (!sends(event)) return;
        event.preventDefault();
        props.onSend();
      }}
      onPaste={(event) => {
        const pasted = [...(event.clipboardData?.files ?? [])];
        // Spreadsheets and word processors add a picture of the text.
        const isText = event.clipboardData?.getData("text/plain") !== "";
        if (onFiles === null || pasted.length === 0 || isText) return;
        event.preventDefault();
        onFiles(pasted);
      }}
    />
  );
}

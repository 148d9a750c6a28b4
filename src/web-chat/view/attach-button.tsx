import { useRef } from "preact/hooks";
import { useWords } from "../locales/words.ts";
import { Icon } from "./icons.tsx";

/** Picks files for the next message. */
export function AttachButton(props: { types: readonly string[]; onFiles: (files: readonly File[]) => void }) {
  const words = useWords();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <button
      type="button"
      class="icon-button attach"
      aria-label={words.attach}
      title={words.attach}
      onClick={() => picker.current?.click()}
    >
      <Icon name="attach" />
      <input
        ref={picker}
        type="file"
        multiple
        accept={props.types.join(",")}
        hidden
        onChange={({ currentTarget }) => {
          props.onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
    </button>
  );
}

import { fill, useWords } from "../locales/words.ts";
import { Icon } from "./icons.tsx";
import type { Upload } from "./use-uploads.ts";

/** Files of the next message with their progress, and the refused ones. */
export function UploadTray({
  uploads,
  refusals,
}: {
  uploads: readonly Upload[];
  refusals: readonly string[];
}) {
  const words = useWords();
  return (
    <>
      {refusals.length > 0 && (
        <p class="refusals" role="alert">
          {refusals.join(" ")}
        </p>
      )}
      {uploads.length > 0 && (
        <ul class="tray" aria-label={words.attached}>
          {uploads.map(({ id, name, share, attachment, remove }) => (
            <li key={id}>
              <Icon name="file" />
              <span class="file-name" dir="auto">
                {name}
              </span>
              {attachment === null && <progress value={share} max={1} aria-label={name} />}
              <button
                type="button"
                class="icon-button small"
                aria-label={fill(words.remove, { name })}
                onClick={remove}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

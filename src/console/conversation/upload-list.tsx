import { FileLine } from "../../web-chat/view/file-line.tsx";
import { fileSize } from "../../web-chat/view/file-size.ts";
import type { Upload } from "./use-uploads.ts";

/** The files that go with the next answer. */
export function UploadList(props: { uploads: readonly Upload[]; onRemove: (key: number) => void }) {
  if (props.uploads.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Files of your answer">
      {props.uploads.map(({ key, name, bytes, id, failure }) => (
        <li key={key}>
          <FileLine name={name} note={failure === null && id === null ? "Storing…" : fileSize(bytes)} />
          {failure !== null && (
            <span class="problem" role="alert">
              {failure}
            </span>
          )}
          <button
            type="button"
            class="link"
            aria-label={`Remove ${name}`}
            onClick={() => props.onRemove(key)}
          >
            Remove
          </button>
        </li>
      ))}
    </ul>
  );
}

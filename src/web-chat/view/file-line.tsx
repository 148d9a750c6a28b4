import { Icon } from "./icons.tsx";

/** Pictures that browsers show safely. All other files, above all SVG, can only be saved. */
export const SHOWN_PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/** A file's name, with a note behind it such as its size. */
export function FileLine({ name, note }: { name: string; note: string }) {
  return (
    <span class="file-line">
      <Icon name="file" />
      <span class="file-name" dir="auto">
        {name}
      </span>
      {note !== "" && <span class="file-note">{note}</span>}
    </span>
  );
}

import { useEffect, useRef } from "preact/hooks";
import { fill, useWords } from "../locales/words.ts";
import viewerCss from "../style/viewer.css?inline";
import { styleOf, wearStyle } from "./wear-style.ts";

const style = styleOf(viewerCss);

interface PictureViewerProps {
  url: string;
  name: string;
  onSave: () => void;
  onClose: () => void;
}

/** A picture as large as the page allows. */
export function PictureViewer({ url, name, onSave, onClose }: PictureViewerProps) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    wearStyle(dialog.current, style);
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={name}
      onClose={onClose}
      onKeyDown={(event) => {
        // Escape closes the picture, not the chat behind it.
        if (event.key === "Escape") event.stopPropagation();
      }}
    >
      <button
        type="button"
        class="whole"
        aria-label={words.closePicture}
        onClick={() => dialog.current?.close()}
      >
        <img src={url} alt={name} />
      </button>
      <button type="button" class="save" onClick={onSave}>
        {fill(words.download, { name })}
      </button>
    </dialog>
  );
}

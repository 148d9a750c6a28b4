import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { wordsOf } from "../server/call.ts";
import { Problem } from "./problem.tsx";

/** A dialog with a form. Escape and Cancel close it, and the focus returns to where it was. */
export function Modal(props: {
  title: string;
  /** The label of the button that submits. Null: there is only a button that closes. */
  act: string | null;
  isDangerous?: boolean;
  /** Closes the dialog when it is done. A failure is shown in it. */
  onSubmit?: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await props.onSubmit?.();
      dialog.current?.close();
    } catch (error) {
      setFailure(wordsOf(error));
      setBusy(false);
    }
  }

  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id={title}>{props.title}</h2>
        {props.children}
        <Problem>{failure}</Problem>
        <div class="actions">
          {props.act !== null && (
            <button type="submit" class={props.isDangerous ? "danger" : "primary"} aria-busy={isBusy}>
              {props.act}
            </button>
          )}
          <button type="button" onClick={() => dialog.current?.close()}>
            {props.act === null ? "Close" : "Cancel"}
          </button>
        </div>
      </form>
    </dialog>
  );
}

import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { type Shared, type SharedKind, sharedOf } from "./shared-thing.ts";

export interface ShareDialogProps {
  dialog: RefObject<HTMLDialogElement | null>;
  say(shared: Shared): void;
}

/** Asks for the place or the contact that a user shares. */
export function ShareDialog({ dialog, say }: ShareDialogProps) {
  const [kind, setKind] = useState<SharedKind>("location");
  const choice = (of: SharedKind, label: string) => (
    <label>
      <input type="radio" name="kind" checked={kind === of} onChange={() => setKind(of)} /> {label}
    </label>
  );
  return (
    <dialog ref={dialog} class="share" aria-label="Send a place or a contact">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const filled = new FormData(event.currentTarget);
          say(sharedOf(kind, (field) => String(filled.get(field) ?? "")));
          dialog.current?.close();
        }}
      >
        <fieldset>
          <legend>Send</legend>
          {choice("location", "A place")}
          {choice("contact", "A contact")}
        </fieldset>
        {kind === "location" ? <PlaceFields /> : <ContactFields />}
        <div class="group">
          <button type="submit">{kind === "location" ? "Send place" : "Send contact"}</button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Filled in, so that one more press sends a place. */
function PlaceFields() {
  return (
    <>
      <label>
        Latitude
        <input name="latitude" type="number" step="any" min={-90} max={90} required defaultValue="48.1374" />
      </label>
      <label>
        Longitude
        <input
          name="longitude"
          type="number"
          step="any"
          min={-180}
          max={180}
          required
          defaultValue="11.5755"
        />
      </label>
      <label>
        Name (optional)
        <input name="name" key="place" maxLength={200} defaultValue="Marienplatz" />
      </label>
    </>
  );
}

function ContactFields() {
  return (
    <>
      <label>
        Name
        <input name="name" key="contact" maxLength={200} required />
      </label>
      <label>
        Phone number
        <input
          name="phone"
          type="tel"
          required
          pattern="\+[0-9 ]{5,20}"
          title="It begins with + and the country, such as +49 170 1234567."
          placeholder="+49 170 1234567"
        />
      </label>
    </>
  );
}

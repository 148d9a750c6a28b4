import type { SaidFile, SharedThing } from "../connection.ts";

type SharedPlace = Extract<SharedThing, { kind: "location" }>;
type SharedContact = Extract<SharedThing, { kind: "contact" }>;

/** A place or a contact as Meta passes it on (Meta, "messages webhook reference"). */
export function thingContent(thing: SharedThing): object {
  if (thing.kind === "location") {
    const { kind: type, ...location } = thing;
    return { type, location };
  }
  const phones = [{ phone: thing.phone, wa_id: thing.phone.slice(1), type: "CELL" }];
  const name = { formatted_name: thing.name, first_name: thing.name };
  return { type: "contacts", contacts: [{ name, phones }] };
}

/** A place as Twilio passes it on. */
export function placeFields({ latitude, longitude, name }: SharedPlace) {
  const Label = name === undefined ? {} : { Label: name };
  return { MessageType: "location", Latitude: String(latitude), Longitude: String(longitude), ...Label };
}

/** A contact as a file, in which form Twilio passes it on. */
export function vcardOf({ name, phone }: SharedContact): SaidFile {
  const lines = ["BEGIN:VCARD", "VERSION:3.0", `FN:${name}`, `TEL;TYPE=CELL:${phone}`, "END:VCARD", ""];
  return { name: "contact.vcf", contentType: "text/vcard", bytes: Buffer.from(lines.join("\r\n")) };
}

/** A place or a contact as the control API takes it. */
export interface Shared {
  location?: { latitude: number; longitude: number; name?: string };
  contact?: { name: string; phone: string };
}

export type SharedKind = "location" | "contact";

/** The place or the contact of a filled-in form. @param textOf the text of a field. Pure. */
export function sharedOf(kind: SharedKind, textOf: (field: string) => string): Shared {
  const name = textOf("name").trim();
  if (kind === "contact") return { contact: { name, phone: textOf("phone").replaceAll(/[^\d+]/g, "") } };
  const place = { latitude: Number(textOf("latitude")), longitude: Number(textOf("longitude")) };
  return { location: name === "" ? place : { ...place, name } };
}

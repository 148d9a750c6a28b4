import type { JsonObject } from "../../../core/text/json.ts";
import type { MetaMessage } from "./payload.ts";

type Contacts = NonNullable<MetaMessage["contacts"]>;

/** Shared contacts as data. */
export function contactsDetails(contacts: Contacts): JsonObject {
  return {
    contacts: contacts.map(({ name, org, phones, emails }) => ({
      name: name?.formatted_name ?? null,
      company: org?.company ?? null,
      phones: phones.flatMap(({ phone, wa_id }) => phone ?? wa_id ?? []),
      emails: emails.flatMap(({ email }) => email ?? []),
    })),
  };
}

export function contactsText(contacts: Contacts): string {
  const lines = contacts.map(({ name, org, phones, emails, addresses, urls }) =>
    [
      name?.formatted_name,
      org?.company,
      ...phones.map(({ phone, wa_id }) => phone ?? wa_id),
      ...emails.map(({ email }) => email),
      ...addresses.map(({ street, city, zip, country }) =>
        [street, zip, city, country].filter((word) => word).join(" "),
      ),
      ...urls.map(({ url }) => url),
    ]
      .filter((word) => word)
      .join(", "),
  );
  return `[contact] ${lines.filter((line) => line !== "").join("; ")}`.trim();
}

export function orderText(order: MetaMessage["order"]): string {
  const items = (order?.product_items ?? []).map(
    ({ product_retailer_id: product, quantity }) => `${quantity} × ${product ?? "?"}`,
  );
  return `[order] ${[items.join(", "), order?.text].filter((words) => words).join(": ")}`.trim();
}

import type { MetaMessage } from "./payload.ts";

export function contactsText(contacts: NonNullable<MetaMessage["contacts"]>): string {
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
  return `[contact] ${lines.join("; ")}`.trim();
}

export function orderText(order: MetaMessage["order"]): string {
  const items = (order?.product_items ?? []).map(
    ({ product_retailer_id: product, quantity }) => `${quantity} × ${product ?? "?"}`,
  );
  return `[order] ${[items.join(", "), order?.text].filter((words) => words).join(": ")}`.trim();
}

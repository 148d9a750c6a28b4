/** The fields of a form as it arrived. Twilio adds fields without notice, and signs all of them. */
export type FormParams = ReadonlyMap<string, readonly string[]>;

/** Twilio sends some 30 fields, and two more for each of up to ten files. */
const MOST_FIELDS = 200;
/** WhatsApp's longest text has 65,536 characters, each of which takes nine bytes in a form: `%E2%82%AC`. */
const MOST_BYTES = 640 * 1024;

/** Null for a form larger than any from Twilio. It is not parsed, because its sender is not verified yet. */
export function parseForm(body: Buffer): FormParams | null {
  if (body.length > MOST_BYTES || hasMoreFields(body, MOST_FIELDS)) return null;
  const params = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString("utf8"))) {
    const values = params.get(name);
    if (values) values.push(value);
    else params.set(name, [value]);
  }
  return params;
}

function hasMoreFields(body: Buffer, most: number): boolean {
  let at = -1;
  for (let separators = 0; separators < most; separators++) {
    at = body.indexOf("&", at + 1);
    if (at === -1) return false;
  }
  return true;
}

/** The first value of a field; undefined if it is absent or empty. */
export function field(params: FormParams, name: string): string | undefined {
  return params.get(name)?.[0] || undefined;
}

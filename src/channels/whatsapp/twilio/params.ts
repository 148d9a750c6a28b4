/** The fields of a form as it arrived. Twilio adds fields without notice, and all of them are signed. */
export type FormParams = ReadonlyMap<string, readonly string[]>;

export function parseForm(body: Buffer): FormParams {
  const params = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString("utf8")))
    params.set(name, [...(params.get(name) ?? []), value]);
  return params;
}

/** The first value of a field; undefined for one that is absent or empty. */
export function field(params: FormParams, name: string): string | undefined {
  return params.get(name)?.[0] || undefined;
}

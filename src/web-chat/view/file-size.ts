const STEP = 1024;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** For example `1.4 MB`, in the page's language. */
export function fileSize(bytes: number, tag?: string): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(STEP)));
  // The short form has no plural: `88 byte`.
  const unitDisplay = power === 0 ? "long" : "short";
  const unit = UNITS[power] ?? "byte";
  const options = { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(tag, options).format(bytes / STEP ** power);
}

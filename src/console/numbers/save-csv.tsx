import { useState } from "preact/hooks";
import { csvLine } from "../../core/text/csv.ts";

/** Saves a table as a file. */
export function SaveCsv({ name, rows }: { name: string; rows: readonly (readonly (string | number)[])[] }) {
  const [url, setUrl] = useState("");
  function save(link: HTMLAnchorElement): void {
    if (url !== "") URL.revokeObjectURL(url);
    const next = URL.createObjectURL(new Blob(rows.map(csvLine), { type: "text/csv" }));
    setUrl(next);
    // The link is followed with the address that it has now.
    link.href = next;
  }
  return (
    <a
      class="button small"
      href={url === "" ? "#csv" : url}
      download={name}
      onClick={({ currentTarget }) => save(currentTarget)}
    >
      Save as CSV
    </a>
  );
}

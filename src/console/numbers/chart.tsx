import { useState } from "preact/hooks";
import { csvLine } from "../../core/text/csv.ts";

/** One bar: all of it, and a part of it that is shown darker. */
export interface Bar {
  /** The hour or day, in words. */
  name: string;
  all: number;
  part: number;
}

const HEIGHT = 100;
const GAP = 0.25;

/** Bars over time, the same numbers as a table, and as a file. */
export function Chart(props: {
  title: string;
  /** The sum, or the most useful other number. */
  headline: string;
  bars: readonly Bar[];
  names: { all: string; part: string };
  /** True: the part counts failures. */
  isPartBad?: boolean;
  format?: (value: number) => string;
}) {
  const { title, headline, bars, names, isPartBad = false, format = String } = props;
  const most = Math.max(0, ...bars.map(({ all }) => all));
  const heightOf = (value: number) => (value / Math.max(1, most)) * HEIGHT;
  const rows: (string | number)[][] = bars.map(({ name, all, part }) => [name, all, part]);
  const header = ["Time", names.all, names.part];
  return (
    <section class="card chart" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span class="number">{headline}</span>
      </header>
      <svg
        viewBox={`0 0 ${bars.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${headline}. The table below has all numbers.`}
      >
        {bars.map(({ name, all, part }, index) => (
          <g key={name}>
            <title>{`${name}: ${format(all)} ${names.all}, ${format(part)} ${names.part}`}</title>
            <rect class="hover" x={index} y={0} width={1} height={HEIGHT} />
            <Rect kind="all" index={index} height={heightOf(all)} />
            <Rect kind={isPartBad ? "bad" : "part"} index={index} height={heightOf(part)} />
          </g>
        ))}
      </svg>
      <p class="axis">
        <span>{bars[0]?.name}</span>
        <span>most {format(most)}</span>
        <span>{bars.at(-1)?.name}</span>
      </p>
      <details>
        <summary>As a table</summary>
        <div class="scrolls" tabIndex={0} role="group" aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                {header.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {bars.map(({ name, all, part }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{all}</td>
                  <td>{part}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <SaveCsv name={`${title}.csv`} rows={[header, ...rows]} />
      </details>
    </section>
  );
}

function Rect({ kind, index, height }: { kind: string; index: number; height: number }) {
  if (height === 0) return null;
  // A value above zero is never invisible.
  const shown = Math.max(1.5, height);
  return <rect class={kind} x={index + GAP / 2} y={HEIGHT - shown} width={1 - GAP} height={shown} />;
}

/** Saves a table as a file. */
function SaveCsv({ name, rows }: { name: string; rows: readonly (readonly (string | number)[])[] }) {
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

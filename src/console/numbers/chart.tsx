import { NumberTable } from "./number-table.tsx";
import { SaveCsv } from "./save-csv.tsx";

/** One bar: all of it, and a part of it that is shown darker. */
export interface Bar {
  /** The hour or day, in words. */
  name: string;
  all: number;
  part: number;
}

export interface ChartProps {
  title: string;
  /** The sum, or the most useful other number. */
  headline: string;
  bars: readonly Bar[];
  names: { all: string; part: string };
  /** True: the part counts failures. */
  isPartBad?: boolean;
  format?: (value: number) => string;
}

const HEIGHT = 100;
const GAP = 0.25;

/** Bars over time, the same numbers as a table, and as a file. */
export function Chart(props: ChartProps) {
  const { title, headline, bars, names, format = String } = props;
  const columns = ["Time", names.all, names.part];
  const rows = bars.map(({ name, all, part }) => [name, all, part] as const);
  return (
    <section class="card chart" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span class="number">{headline}</span>
      </header>
      <Bars {...props} />
      <p class="axis">
        <span>{bars[0]?.name}</span>
        <span>most {format(mostOf(bars))}</span>
        <span>{bars.at(-1)?.name}</span>
      </p>
      <details>
        <summary>As a table</summary>
        <NumberTable title={title} columns={columns} rows={rows} />
        <SaveCsv name={`${title}.csv`} rows={[columns, ...rows]} />
      </details>
    </section>
  );
}

const mostOf = (bars: readonly Bar[]) => Math.max(0, ...bars.map(({ all }) => all));

function Bars({ title, headline, bars, names, isPartBad = false, format = String }: ChartProps) {
  const most = mostOf(bars);
  const heightOf = (value: number) => (value / Math.max(1, most)) * HEIGHT;
  return (
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
  );
}

function Rect({ kind, index, height }: { kind: string; index: number; height: number }) {
  if (height === 0) return null;
  // A value above zero is never invisible.
  const shown = Math.max(1.5, height);
  return <rect class={kind} x={index + GAP / 2} y={HEIGHT - shown} width={1 - GAP} height={shown} />;
}

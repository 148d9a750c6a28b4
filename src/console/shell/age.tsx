import { useEffect, useState } from "preact/hooks";
import { ageOf } from "./ages.ts";
import { times } from "./times.ts";

const EVERY_MS = 20_000;

/** The age of something, kept up to date. The exact time is in its title. */
export function Age({ at }: { at: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={times.full(at)}>
      {ageOf(at, Math.max(now, Date.now()))}
    </time>
  );
}

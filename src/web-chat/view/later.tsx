import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A part that is fetched when it is first shown. Until then, and if the fetch fails, nothing is shown. */
export function later<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
): FunctionComponent<Props> {
  return function Later(props: Props) {
    const [Part, show] = useState<FunctionComponent<Props> | null>(null);
    useEffect(
      () =>
        void load().then(
          (part) => show(() => part),
          () => undefined,
        ),
      [],
    );
    return Part && <Part {...props} />;
  };
}

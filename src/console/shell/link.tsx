import type { JSX } from "preact";
import { go } from "./route.ts";

/** A link within the console. With a modifier key it opens a tab, as every link does. */
export function Link({ href, ...rest }: JSX.IntrinsicElements["a"] & { href: string }) {
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    />
  );
}

import type { ComponentChildren } from "preact";

/** The title of a screen. Children stand beside it: filters and actions. */
export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <h2>{title}</h2>
      {children}
    </header>
  );
}

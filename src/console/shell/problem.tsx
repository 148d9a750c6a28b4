import type { ComponentChildren } from "preact";

/** The reason why something failed, which screen readers announce. Without a reason there is nothing. */
export function Problem({ children }: { children: ComponentChildren }) {
  if (children === null) return null;
  return (
    <p class="problem" role="alert">
      {children}
    </p>
  );
}

/** Adds a part's style to its chat, once. */
export function wearStyle(node: Node | null, style: CSSStyleSheet): void {
  const root = node?.getRootNode();
  if (!(root instanceof ShadowRoot) || root.adoptedStyleSheets.includes(style)) return;
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
}

export function styleOf(css: string): CSSStyleSheet {
  const style = new CSSStyleSheet();
  style.replaceSync(css);
  return style;
}

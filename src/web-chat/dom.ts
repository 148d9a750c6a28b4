type Attributes = Record<string, string | boolean | null>;

/** Makes an element. `null` and `false` leave an attribute out; text becomes text, never markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A button that does something. */
export function button(label: string, attributes: Attributes, onPress: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onPress);
  return made;
}

/** Makes `parent` hold exactly these, moving and replacing only what differs. */
export function setChildren(parent: Element, wanted: readonly Node[]): void {
  for (const [index, node] of wanted.entries()) {
    const current = parent.childNodes[index];
    if (current !== node) parent.insertBefore(node, current ?? null);
  }
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

const SVG = "http://www.w3.org/2000/svg";

/** The button that opens the chat, drawn without any fetched file. */
export function drawLauncher(onPress: () => void) {
  const node = document.createElement("button");
  const badge = document.createElement("b");
  node.type = "button";
  node.part.add("launcher");
  badge.part.add("badge");
  node.append(
    icon("M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-6l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z", "more"),
    icon("M6 9l6 6 6-6", "less"),
    badge,
  );
  node.onclick = onPress;
  const setOpen = (isOpen: boolean) => node.setAttribute("aria-expanded", String(isOpen));
  const setUnread = (count: number) => {
    // The word is the same in most languages. Other languages are fetched only with the chat.
    node.ariaLabel = count > 0 ? `Chat (${count})` : "Chat";
    badge.textContent = count > 0 ? String(count) : "";
  };
  setOpen(false);
  setUnread(0);
  return { node, setOpen, setUnread };
}

function icon(path: string, name: string): SVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", name);
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

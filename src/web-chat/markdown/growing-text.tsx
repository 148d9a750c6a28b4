import { Component } from "preact";

/**
 * Text whose node is changed only where the text differs: replacing all of it would take away what somebody has
 * selected in an answer that is still being written.
 */
export class GrowingText extends Component<{ text: string }> {
  readonly #node = document.createTextNode(this.props.text);
  readonly #adopt = (place: HTMLElement | null) => place?.append(this.#node);

  override shouldComponentUpdate({ text }: { text: string }): boolean {
    const { data } = this.#node;
    let same = 0;
    while (same < text.length && text[same] === data[same]) same += 1;
    if (same < text.length || same < data.length) {
      this.#node.replaceData(same, data.length - same, text.slice(same));
    }
    return false;
  }

  override render() {
    return <span ref={this.#adopt} />;
  }
}

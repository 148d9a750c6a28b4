import { Component } from "preact";

/**
 * Text whose node changes only where the text differs. Replacing all of it would remove a selection in an unfinished
 * answer.
 */
export class GrowingText extends Component<{ text: string }> {
  readonly #node = document.createTextNode(this.props.text);
  #place: HTMLElement | null = null;
  readonly #adopt = (place: HTMLElement | null) => {
    this.#place = place;
    place?.append(this.#node);
  };

  override shouldComponentUpdate({ text }: { text: string }): boolean {
    const { data } = this.#node;
    // Translators replace texts with their own nodes.
    if (this.#place && this.#node.parentNode !== this.#place) this.#place.replaceChildren(this.#node);
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

// Words that scripts show, translated by the server into <script id="words" type="application/json">.
const source = document.getElementById("words");
const words = source ? JSON.parse(source.textContent) : {};

/** The text for `key`, with {places} filled in. */
export function say(key, places = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}

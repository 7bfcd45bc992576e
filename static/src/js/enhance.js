// Runs something once for every element that matches, now and whenever htmx brings in more.
const helpers = [];

function run({ selector, start, seen }, root) {
  const inside = root.querySelectorAll?.(selector) ?? [];
  for (const element of root.matches?.(selector) ? [root, ...inside] : inside) {
    if (seen.has(element)) continue;
    seen.add(element);
    start(element);
  }
}

/** Call `start(element)` for each element that matches `selector`, once. */
export function enhance(selector, start) {
  const helper = { selector, start, seen: new WeakSet() };
  helpers.push(helper);
  run(helper, document);
}

document.addEventListener("htmx:after:process", ({ target }) => {
  for (const helper of helpers) run(helper, target);
});

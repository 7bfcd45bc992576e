// <div data-rows> of [data-row] lines with a <template data-row-template>: [data-row-add] appends one more line,
// [data-row-remove] takes its line away. Without scripts there is one empty line to fill.
import htmx from "htmx.org";

function add(rows, button) {
  const line = rows.querySelector("template[data-row-template]").content.cloneNode(true).querySelector("[data-row]");
  button.closest("[data-rows] > *").before(line);
  htmx.process(line);
  line.querySelector("select, input")?.focus();
}

function remove(rows, line) {
  const next = line.nextElementSibling?.matches("[data-row]:not(.no-js)") ? line.nextElementSibling : null;
  line.remove();
  (next?.querySelector("select, input") ?? rows.querySelector("[data-row-add]"))?.focus();
}

document.addEventListener("click", ({ target }) => {
  const rows = target.closest?.("[data-rows]");
  const adder = target.closest?.("[data-row-add]");
  const remover = target.closest?.("[data-row-remove]");
  if (rows && adder) add(rows, adder);
  if (rows && remover) remove(rows, remover.closest("[data-row]"));
});

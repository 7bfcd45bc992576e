// Rows that are ticked. Inside <form data-selection>: checkboxes [data-select], one [data-select-all], a bar
// [data-bulk] with [data-bulk-count]; [data-select-everything] offers all that match, beyond this page.
import { enhance } from "./enhance.js";
import { say } from "./words.js";

function range(boxes, one, other, checked) {
  const [from, to] = [boxes.indexOf(one), boxes.indexOf(other)].sort((a, b) => a - b);
  for (const box of boxes.slice(from, to + 1)) box.checked = checked;
}

function show(form) {
  const boxes = [...form.querySelectorAll("[data-select]")];
  const count = boxes.filter(({ checked }) => checked).length;
  const all = form.querySelector("[data-select-all]");
  const everything = form.querySelector("[data-select-everything]");
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  if (everything && count < boxes.length) everything.checked = false;
  const total = everything?.checked ? everything.dataset.selectEverything : count;
  for (const bar of form.querySelectorAll("[data-bulk]")) bar.hidden = count === 0;
  for (const place of form.querySelectorAll("[data-bulk-count]")) {
    place.textContent = say("selected", { count: total });
  }
}

enhance("[data-selection]", (form) => {
  let last = null;
  let shift = false;
  form.addEventListener("click", (event) => (shift = event.shiftKey), true);
  form.addEventListener("change", ({ target }) => {
    const boxes = [...form.querySelectorAll("[data-select]")];
    if (target.matches("[data-select-all]")) for (const box of boxes) box.checked = target.checked;
    if (target.matches("[data-select]")) {
      if (shift && last?.isConnected) range(boxes, last, target, target.checked);
      last = target;
    }
    show(form);
  });
  document.addEventListener("htmx:after:swap", () => form.isConnected && show(form));
  show(form);
});

// <input data-search data-search-results="#results">: «/» goes there, Escape empties it, arrows go on into
// the results and back. While a Chinese input method is still composing, nothing is sent.
import { shortcut } from "./keyboard.js";
import { say } from "./words.js";

const box = () => document.querySelector("[data-search]");

function stops(input) {
  const results = document.querySelector(input.dataset.searchResults ?? "#results");
  return [...(results?.querySelectorAll("a[href][data-result]") ?? [])];
}

function announce(input) {
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function empty(input) {
  if (!input.value) return input.blur();
  input.value = "";
  announce(input);
}

shortcut("/", say("go_to_search"), () => {
  const input = box();
  if (!input) return false;
  input.focus();
  input.select();
  return true;
});

function move(event, input) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const all = stops(input);
  const here = all.indexOf(document.activeElement);
  if (here < 0 && (event.target !== input || by < 0)) return;
  event.preventDefault();
  (all[here + by] ?? (by < 0 ? input : all[here]))?.focus();
}

document.addEventListener("keydown", (event) => {
  const input = box();
  if (!input || event.isComposing) return;
  if (event.key === "Escape" && event.target === input) {
    event.preventDefault();
    empty(input);
  }
  move(event, input);
});

document.addEventListener("click", ({ target }) => {
  const input = target.closest?.("[data-search-clear]") && box();
  if (!input) return;
  empty(input);
  input.focus();
});

document.addEventListener(
  "input",
  (event) => {
    if (event.isComposing && event.target.matches?.("[data-search]")) event.stopImmediatePropagation();
  },
  true,
);

document.addEventListener("compositionend", ({ target }) => {
  if (target.matches?.("[data-search]")) announce(target);
});

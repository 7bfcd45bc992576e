// <input data-search data-search-results="#results">: «/» goes there, Escape empties it, arrows go on into
// the results, through their rows and columns, and back; Escape there returns to the box. While a Chinese
// input method is still composing, nothing is sent.
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

const KEYS = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };

const place = (stop) => (stop.closest("article, tr") ?? stop).getBoundingClientRect();

/** The stop that lies `across` or `down` of another one: the nearest in the next row, or beside it. */
function neighbour(all, from, [across, down]) {
  const here = place(from);
  const places = all.map((stop) => ({ stop, at: place(stop) }));
  if (across) {
    const beside = places.filter(({ at }) => at.top === here.top && (at.left - here.left) * across > 0);
    return beside.sort((a, b) => (a.at.left - b.at.left) * across)[0]?.stop;
  }
  const beyond = places.filter(({ at }) => (at.top - here.top) * down > 0);
  const row = Math.min(...beyond.map(({ at }) => Math.abs(at.top - here.top)));
  const next = beyond.filter(({ at }) => Math.abs(at.top - here.top) === row);
  return next.sort((a, b) => Math.abs(a.at.left - here.left) - Math.abs(b.at.left - here.left))[0]?.stop;
}

function move(event, input) {
  const way = KEYS[event.key];
  if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = stops(input);
  const here = all.includes(document.activeElement) ? document.activeElement : null;
  if (!here && (event.target !== input || event.key !== "ArrowDown")) return;
  const next = here ? neighbour(all, here, way) : all[0];
  if (!next && event.key !== "ArrowUp") return;
  event.preventDefault();
  (next ?? input).focus();
}

function leave(event, input) {
  if (event.target === input) empty(input);
  else if (stops(input).includes(event.target)) input.focus();
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  const input = box();
  if (!input || event.isComposing || event.defaultPrevented) return;
  if (event.key === "Escape") leave(event, input);
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

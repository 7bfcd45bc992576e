// <input data-search data-suggest="/search/suggest">: names that go on from what is typed, as a list under the
// box (combobox). Down and up go through it, Enter and a click take one, Escape puts it away.
import { make } from "./build.js";
import { enhance } from "./enhance.js";
import { say } from "./words.js";

const PAUSE = 120; // milliseconds without a key, as the search itself waits

function attach(input) {
  const list = make("ul", { id: `${input.id}-names`, className: "suggestions", role: "listbox", hidden: true });
  list.setAttribute("aria-label", say("suggestions"));
  input.after(list);
  const traits = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(traits)) input.setAttribute(name, value);
  return list;
}

function option(list, name, at) {
  return make("li", { id: `${list.id}-${at}`, className: "suggestion", role: "option", "aria-selected": "false" }, name);
}

enhance("input[data-suggest]", (input) => {
  const list = attach(input);
  let timer = 0;
  let asked = null;

  const stops = () => [...list.children];
  const active = () => stops().findIndex((stop) => stop.getAttribute("aria-selected") === "true");

  function close() {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show(names) {
    const news = names.filter((name) => name !== input.value.trim());
    if (!news.length || document.activeElement !== input) return close();
    list.replaceChildren(...news.map((name, at) => option(list, name, at)));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const address = `${input.dataset.suggest}?${new URLSearchParams({ q: input.value })}`;
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) show(await answer.json());
    } catch {
      // A later letter overtook this answer, or there is no connection: the search itself says so.
    }
  }

  function select(at) {
    stops().forEach((stop, index) => stop.setAttribute("aria-selected", String(index === at)));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", stops()[at].id);
    stops()[at].scrollIntoView({ block: "nearest" });
  }

  function take(name) {
    input.value = name;
    close();
    input.form.requestSubmit();
  }

  function key(event) {
    if (list.hidden || event.isComposing) return;
    const at = active();
    if (event.key === "ArrowDown" && at < list.children.length - 1) select(at + 1);
    else if (event.key === "ArrowUp" && at >= 0) select(at - 1);
    else if (event.key === "Enter" && at >= 0) take(stops()[at].textContent);
    else if (event.key === "Escape") close();
    else {
      if (["ArrowDown", "Enter", "Tab"].includes(event.key)) close();
      return;
    }
    event.preventDefault();
  }

  input.addEventListener("keydown", key);
  input.addEventListener("blur", close);
  input.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    if (input.value.trim()) timer = setTimeout(ask, PAUSE);
    else close();
  });
  // Before the blur that a press would cause.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const chosen = event.target.closest("[role=option]");
    if (chosen) take(chosen.textContent);
  });
});

// <input list="units" data-chooser>: one of many. The list below the field narrows while typing part of a name or
// a code; the name shows, the code is sent. Without scripts the browser suggests codes from the same list. An
// option may be found by other words (data-also); with data-above on the list, what it stands below is shown.
import { icon, make } from "./build.js";
import { enhance } from "./enhance.js";
import { say } from "./words.js";

const SHOWN = 100;
let made = 0;

const fold = (text) => text.normalize("NFKC").toLowerCase().trim();

function known(list) {
  const path = [];
  return [...(list?.options ?? [])].map((option) => {
    const { label: name, value: code } = option;
    const depth = Math.min(Number(option.dataset.depth ?? 0), 8);
    path.splice(depth, path.length, name);
    const above = "above" in list.dataset ? path.slice(0, depth).filter(Boolean).join(" › ") : "";
    return { code, name, depth, above, folded: fold(`${name} ${code} ${option.dataset.also ?? ""}`) };
  });
}

/** What matches all the words typed; everything, in the order of the tree, when nothing was. */
function matching(options, typed) {
  const words = fold(typed).split(/\s+/);
  return options.filter(({ folded }) => words.every((word) => folded.includes(word)));
}

/** The one option that is meant by exactly this text. */
function meant(options, typed) {
  const wanted = fold(typed);
  const same = options.filter(({ code, name }) => fold(code) === wanted || fold(name) === wanted);
  return same.length === 1 ? same[0] : null;
}

function line(option, id, indented) {
  const name = make("span", { className: "chooser-name" }, option.name);
  const code = make("span", { className: "code" }, option.code);
  const className = indented && option.depth ? `chooser-option tree-${option.depth}` : "chooser-option";
  const above = option.above && !indented ? make("small", { className: "chooser-above" }, option.above) : null;
  return make("li", { id, className, role: "option", "data-code": option.code }, name, code, above);
}

class Chooser {
  constructor(input) {
    this.input = input;
    this.options = known(input.list);
    this.id = `chooser-${(made += 1)}`;
    this.sent = make("input", { type: "hidden", name: input.name, value: input.value });
    this.list = make("ul", { id: this.id, className: "chooser-list", role: "listbox", hidden: true });
    this.list.setAttribute("aria-label", input.ariaLabel ?? input.labels?.[0]?.textContent ?? "");
    this.dress();
    this.show(this.options.find(({ code }) => code === input.value));
    this.listen();
  }

  dress() {
    const { input } = this;
    const frame = make("div", { className: "chooser" });
    input.removeAttribute("list");
    input.removeAttribute("name");
    const traits = { role: "combobox", "aria-expanded": "false", "aria-controls": this.id, "aria-autocomplete": "list" };
    for (const [name, value] of Object.entries(traits)) input.setAttribute(name, value);
    input.replaceWith(frame);
    frame.append(input, icon("selector"), this.sent, this.list);
  }

  listen() {
    const { input, list } = this;
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => this.open(""));
    input.addEventListener("input", (event) => event.isComposing || this.typed());
    input.addEventListener("compositionend", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.settle());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => this.take(target.closest("[role=option]")));
  }

  /** Show an option as the one that is chosen; what is not known stays as it was typed. */
  show(option) {
    if (!option) return;
    this.input.value = option.name;
    this.sent.value = option.code;
  }

  typed() {
    this.sent.value = meant(this.options, this.input.value)?.code ?? this.input.value.trim();
    this.open(this.input.value);
  }

  open(typed) {
    const found = matching(this.options, typed);
    const lines = found.slice(0, SHOWN).map((option, at) => line(option, `${this.id}-${at}`, !typed.trim()));
    const rest = found.length > SHOWN ? say("more_matches", { count: found.length - SHOWN }) : "";
    const note = found.length ? rest : say("no_match");
    if (note) lines.push(make("li", { className: "chooser-note", role: "presentation" }, note));
    this.list.replaceChildren(...lines);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const present = lines.find(({ dataset }) => dataset.code === this.sent.value);
    this.mark(typed.trim() ? (found.length ? lines[0] : null) : present);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(option) {
    for (const other of this.list.querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected");
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", option.id);
  }

  marked() {
    return this.list.querySelector("[aria-selected]");
  }

  step(by) {
    if (this.list.hidden) return this.open("");
    const all = [...this.list.querySelectorAll("[role=option]")];
    const here = all.indexOf(this.marked());
    return this.mark(all[Math.min(Math.max(here + by, 0), all.length - 1)]);
  }

  take(option) {
    if (!option) return;
    this.show(this.options.find(({ code }) => code === option.dataset.code));
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || (!by && this.list.hidden)) return;
    if (by) this.step(by);
    else if (event.key === "Enter") this.take(this.marked());
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  /** Leaving: exactly one name or code is taken for what it says. */
  settle() {
    this.close();
    this.show(meant(this.options, this.input.value));
  }
}

enhance("input[data-chooser]", (input) => new Chooser(input));

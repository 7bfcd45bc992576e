// <div data-loan-calendar>: months in which taken days show; start and end are picked by click or by keyboard
// (arrows, Home, End, PageUp, PageDown, Enter) and go into the two date fields, which can also be typed in.
import { icon, make } from "./build.js";
import { enhance } from "./enhance.js";
import { say } from "./words.js";
import { addDays, addMonths, availability, daysBetween, firstOfMonth, iso, weeksOf } from "./loan-days.js";

const language = document.documentElement.lang;
const longDay = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", timeZone: "UTC" });
const weekday = (width) => new Intl.DateTimeFormat(language, { weekday: width, timeZone: "UTC" });
const written = (day, format = longDay) => format.format(new Date(`${day}T00:00:00Z`));
const narrow = matchMedia("(max-width: 40rem)");
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

class LoanCalendar {
  constructor(part) {
    this.part = part;
    this.data = JSON.parse(part.querySelector("[data-loan-data]").textContent);
    this.start = part.querySelector("[data-loan-start]");
    this.end = part.querySelector("[data-loan-end]");
    this.months = part.querySelector("[data-loan-months]");
    this.summary = part.querySelector("[data-loan-summary]");
    this.wantedField = document.getElementById(this.data.wantedField);
    this.focused = this.start.value || this.data.min || iso(new Date());
    this.shown = firstOfMonth(this.focused);
    this.picking = false;
    this.count();
    this.listen();
    this.draw();
  }

  listen() {
    const { months } = this;
    months.addEventListener("click", ({ target }) => {
      const day = target.closest("[data-day]")?.dataset.day;
      if (day) this.pick(day);
      else if (target.closest("[data-turn]")) this.turn(Number(target.closest("[data-turn]").dataset.turn));
    });
    months.addEventListener("keydown", (event) => this.key(event));
    months.addEventListener("pointerover", ({ target }) => this.hint(target.closest("[data-day]")?.dataset.day));
    months.addEventListener("pointerleave", () => this.hint(undefined));
    for (const field of [this.start, this.end]) field.addEventListener("change", () => this.typed(field));
    narrow.addEventListener("change", () => this.part.isConnected && this.draw());
    this.wantedField?.addEventListener("input", () => this.recount());
  }

  /** How many pieces are wanted, and what is free on each day. */
  count() {
    const typed = Number(this.wantedField?.value);
    this.wanted = Number.isInteger(typed) && typed > 0 ? typed : this.data.wanted;
    this.free = availability(this.data.spans, this.data.quantity);
  }

  recount() {
    this.count();
    this.draw();
  }

  outside(day) {
    return Boolean((this.data.min && day < this.data.min) || (this.data.max && day > this.data.max));
  }

  /** Whether a loan can't include this day. */
  closed(day) {
    return this.outside(day) || this.free(day) < this.wanted;
  }

  /** Whether everything from `first` to `last` can be lent, and not for too long. */
  open(first, last) {
    const days = daysBetween(first, last);
    if (days < 1 || (this.data.longest && days > this.data.longest)) return false;
    for (let day = first; day <= last; day = addDays(day, 1)) if (this.closed(day)) return false;
    return true;
  }

  pick(day) {
    this.focused = day;
    if (this.closed(day)) this.say(this.outside(day) ? say("day_outside") : say("day_taken"));
    else if (this.picking && day >= this.start.value) this.finish(day);
    else this.begin(day);
    this.draw();
    this.focus();
  }

  begin(day) {
    this.put(day, "");
    this.picking = true;
    this.say(say("pick_end", { day: written(day) }));
  }

  finish(day) {
    if (!this.open(this.start.value, day)) {
      const long = this.data.longest && daysBetween(this.start.value, day) > this.data.longest;
      this.say(long ? say("too_long", { count: this.data.longest }) : say("taken_between"));
      return;
    }
    this.picking = false;
    this.put(this.start.value, day);
    this.tell();
  }

  put(start, end) {
    this.start.value = start;
    this.end.value = end;
    for (const field of [this.start, this.end]) field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A date was typed or came from the browser's own calendar. */
  typed(field) {
    const { start, end } = this;
    this.picking = Boolean(start.value && !end.value);
    if (field.value) {
      this.focused = field.value;
      this.shown = firstOfMonth(field.value);
    }
    if (start.value && end.value) this.tell();
    this.draw();
  }

  tell() {
    const [first, last] = [this.start.value, this.end.value];
    const days = daysBetween(first, last);
    if (days < 1) this.say(say("end_first"));
    else if (this.data.longest && days > this.data.longest) this.say(say("too_long", { count: this.data.longest }));
    else if (!this.open(first, last)) this.say(say("taken_between"));
    else this.say(say("loan_days", { start: written(first), end: written(last), count: days }));
  }

  say(text) {
    this.summary.textContent = text;
  }

  key(event) {
    if (!event.target.dataset.day) return;
    const { day } = event.target.dataset;
    if (event.key === "Escape" && this.picking) {
      this.picking = false;
      this.put("", "");
      this.say("");
      this.draw();
      this.focus();
    } else {
      const target = this.towards(event.key, day);
      if (!target) return;
      this.go(target);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  towards(key, day) {
    if (key in STEPS) return addDays(day, STEPS[key]);
    const inWeek = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
    return { Home: addDays(day, -inWeek), End: addDays(day, 6 - inWeek), PageUp: addMonths(day, -1), PageDown: addMonths(day, 1) }[key];
  }

  /** Move the focus; never before the first day that can be chosen, nor after the last. */
  go(day) {
    const { min, max } = this.data;
    this.focused = min && day < min ? min : max && day > max ? max : day;
    const month = firstOfMonth(this.focused);
    if (!this.visible().includes(month)) this.shown = month < this.shown ? month : addMonths(month, 1 - this.visible().length);
    this.draw();
    this.focus();
  }

  focus() {
    this.months.querySelector(`[data-day="${this.focused}"]`)?.focus();
  }

  turn(by) {
    this.shown = addMonths(this.shown, by);
    if (!this.visible().includes(firstOfMonth(this.focused))) this.focused = this.shown;
    this.draw();
    this.months.querySelector(`[data-turn="${by}"]`).focus();
  }

  visible() {
    return narrow.matches ? [this.shown] : [this.shown, addMonths(this.shown, 1)];
  }

  /** While the end is being chosen: what would be borrowed. */
  hint(day) {
    if (!this.picking) return;
    const start = this.start.value;
    for (const cell of this.months.querySelectorAll("[data-day]")) {
      const within = day && cell.dataset.day > start && cell.dataset.day <= day;
      cell.classList.toggle("is-hinted", Boolean(within && this.open(start, cell.dataset.day)));
    }
  }

  draw() {
    this.months.replaceChildren(
      make("div", { className: "loan-turns" }, this.turner(-1), this.turner(1)),
      ...this.visible().map((month) => this.month(month)),
    );
  }

  turner(by) {
    const limit = by < 0 ? this.data.min : this.data.max;
    const beyond = by < 0 ? addDays(this.shown, -1) : addMonths(this.shown, this.visible().length);
    const blocked = limit && (by < 0 ? beyond < limit : beyond > limit);
    const label = say(by < 0 ? "previous_month" : "next_month");
    const button = make("button", { type: "button", className: "btn btn-quiet btn-icon", disabled: Boolean(blocked) });
    button.setAttribute("aria-label", label);
    button.dataset.turn = by;
    button.append(icon(by < 0 ? "chevron-left" : "chevron-right"));
    return button;
  }

  month(first) {
    const head = make("thead", {}, make("tr", {}, ...weeksOf("2024-01-01")[0].map((day) => {
      const name = written(day, weekday(language.startsWith("zh") ? "narrow" : "short"));
      return make("th", { scope: "col", abbr: written(day, weekday("long")) }, name);
    })));
    const rows = weeksOf(first).map((week) => make("tr", {}, ...week.map((day) => this.cell(day))));
    const table = make("table", { className: "loan-month", role: "grid" }, make("caption", {}, written(first, monthName)));
    table.append(head, make("tbody", {}, ...rows));
    return table;
  }

  cell(day) {
    if (!day) return make("td", { role: "gridcell" });
    const [closed, free] = [this.closed(day), this.free(day)];
    const part = !closed && free < this.data.quantity;
    const state = this.outside(day) ? "is-outside" : closed ? "is-taken" : part ? "is-part" : "";
    const chosen = day === this.start.value || day === this.end.value;
    const between = this.end.value && day > this.start.value && day < this.end.value;
    const button = make("button", {
      type: "button",
      className: ["loan-day", state, chosen && "is-chosen", between && "is-between"].filter(Boolean).join(" "),
      tabIndex: day === this.focused ? 0 : -1,
    }, String(Number(day.slice(8))));
    button.dataset.day = day;
    if (closed) button.setAttribute("aria-disabled", "true");
    button.setAttribute("aria-label", this.label(day, free));
    if (part) button.append(make("small", {}, String(free)));
    const cell = make("td", { role: "gridcell" }, button);
    if (chosen || between) cell.setAttribute("aria-selected", "true");
    return cell;
  }

  label(day, free) {
    if (this.outside(day)) return say("day_is_outside", { day: written(day) });
    if (free <= 0) return say("day_is_taken", { day: written(day) });
    return say("day_is_free", { day: written(day), count: free });
  }
}

enhance("[data-loan-calendar]", (part) => new LoanCalendar(part));

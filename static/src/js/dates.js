// <input data-date>: a calendar beside what is typed; data-min and data-max limit it. Typing stays possible.
import { enhance } from "./enhance.js";
import { say } from "./words.js";

const chinese = document.documentElement.lang.startsWith("zh");

async function calendar(input) {
  const [{ default: flatpickr }, { Mandarin }] = await Promise.all([
    import("flatpickr"),
    import("flatpickr/dist/esm/l10n/zh.js"),
  ]);
  const { min, max } = input.dataset;
  const picker = flatpickr(input, {
    allowInput: true,
    allowInvalidPreload: true,
    dateFormat: "Y-m-d",
    locale: chinese ? { ...Mandarin, firstDayOfWeek: 1 } : { firstDayOfWeek: 1 },
    minDate: min,
    maxDate: max,
    // What the calendar cannot read (2013年1月) is left for the server, which can.
    errorHandler: () => {},
    onDayCreate: (_dates, _text, _picker, day) => day.setAttribute("role", "button"),
  });
  picker.calendarContainer.setAttribute("role", "dialog");
  picker.calendarContainer.setAttribute("aria-label", say("calendar"));
  if (document.activeElement === input) picker.open();
}

enhance("input[data-date]", (input) => {
  // A phone's own wheel is better than ours.
  if (matchMedia("(pointer: coarse)").matches) {
    if (!input.value || /^\d{4}-\d{2}-\d{2}$/.test(input.value)) input.type = "date";
    return;
  }
  input.addEventListener("focus", () => calendar(input), { once: true });
});

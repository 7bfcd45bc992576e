// Days as text (2026-09-01), counted without clocks or time zones.
const DAY = 86_400_000;
const moment = (day) => Date.parse(`${day}T00:00:00Z`);
const text = (time) => new Date(time).toISOString().slice(0, 10);

/** The day on the reader's own clock. */
export function iso(date) {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, "0"));
  return `${date.getFullYear()}-${month}-${day}`;
}

export const addDays = (day, count) => text(moment(day) + count * DAY);

/** Both days counted; less than one when the last comes first. */
export const daysBetween = (first, last) => (moment(last) - moment(first)) / DAY + 1;

export const firstOfMonth = (day) => `${day.slice(0, 7)}-01`;

/** The same day of another month, or that month's last. */
export function addMonths(day, count) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return text(Date.UTC(year, month - 1 + count, Math.min(date, last)));
}

/** The weeks of a month from Monday on; null stands for days of other months. */
export function weeksOf(first) {
  const before = (new Date(moment(first)).getUTCDay() + 6) % 7;
  const count = daysBetween(first, addMonths(first, 1)) - 1;
  const cells = [...Array(before).fill(null), ...Array.from({ length: count }, (_, at) => addDays(first, at))];
  while (cells.length % 7) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/** A function that says how many of `quantity` pieces are free on a day. */
export function availability(spans, quantity) {
  return (day) =>
    spans.reduce((free, [first, last, pieces]) => (day >= first && (!last || day <= last) ? free - pieces : free), quantity);
}

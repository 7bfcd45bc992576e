// <time data-countdown datetime="…">: how long there is still, by the server's clock (<meta name="now">).
// <time data-ago datetime="…">: how long ago. What the server wrote stays readable as a tooltip.
import { enhance } from "./enhance.js";
import { say } from "./words.js";

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const sent = Date.parse(document.querySelector('meta[name="now"]')?.content ?? "");
const skew = Number.isNaN(sent) ? 0 : sent - (performance.timeOrigin + performance.now());
const now = () => Date.now() + skew;

/** The two largest units that say something, as in «3天4小时». */
function span(seconds) {
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count || (parts.length === 0 && unit === "second")) parts.push(say(`span_${unit}`, { count }));
    else if (parts.length) break;
  }
  return parts.slice(0, 2).join("");
}

function count(time) {
  if (!time.isConnected) return;
  const left = Math.round((Date.parse(time.dateTime) - now()) / 1000);
  time.textContent = left > 0 ? say("time_left", { span: span(left) }) : (time.dataset.over ?? say("time_over"));
  time.classList.toggle("is-soon", left < 86400);
  if (left <= 0) return;
  setTimeout(() => count(time), left < 86400 ? 1000 : 60_000);
}

function ago(time) {
  const seconds = Math.round((Date.parse(time.dateTime) - now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  time.textContent = words.format(Math.round(seconds / size), unit);
}

function keepWritten(time) {
  time.title ||= time.textContent.trim();
}

enhance("time[data-countdown]", (time) => {
  keepWritten(time);
  time.classList.add("countdown");
  count(time);
});

enhance("time[data-ago]", (time) => {
  keepWritten(time);
  ago(time);
});

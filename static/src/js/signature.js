// <fieldset data-signature>: what is drawn on the pad goes as compact JSON into the hidden field, in units of the
// pad: {"w":600,"h":240,"s":[[x,y,x,y,…],…]}. The typed name below it works without scripts and without a pointer.
import { enhance } from "./enhance.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 3; // units between kept points: finer is trembling

/** Curves through the middles between points, as the server draws them on paper. */
function path(points) {
  const [[x, y], ...rest] = points;
  if (!rest.length) return `M${x} ${y}h.1`;
  const last = rest.pop();
  const curves = rest.map(([px, py], at) => {
    const [nx, ny] = rest[at + 1] ?? last;
    return `Q${px} ${py} ${(px + nx) / 2} ${(py + ny) / 2}`;
  });
  return `M${x} ${y}${curves.join("")}L${last[0]} ${last[1]}`;
}

const pairs = (flat) => flat.flatMap((value, at) => (at % 2 ? [] : [[value, flat[at + 1]]]));

class Pad {
  constructor(part) {
    this.part = part;
    this.pad = part.querySelector("[data-signature-pad]");
    this.field = part.querySelector("[data-signature-strokes]");
    this.status = part.querySelector("[data-signature-status]");
    this.undo = part.querySelector("[data-signature-undo]");
    this.clear = part.querySelector("[data-signature-clear]");
    ({ width: this.width, height: this.height } = this.pad.viewBox.baseVal);
    this.strokes = [];
    this.drawing = null;
    this.restore();
    this.listen();
  }

  listen() {
    const { pad } = this;
    pad.addEventListener("pointerdown", (event) => this.begin(event));
    pad.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, (event) => this.end(event));
    this.undo.addEventListener("click", () => this.keep(this.strokes.slice(0, -1)));
    this.clear.addEventListener("click", () => this.keep([]));
  }

  /** What was signed before the form came back with a mistake elsewhere. */
  restore() {
    try {
      const { s } = JSON.parse(this.field.value);
      this.keep(s.map(pairs));
    } catch {
      this.keep([]);
    }
  }

  point({ clientX, clientY }) {
    const box = this.pad.getBoundingClientRect();
    const within = (part, size) => Math.round(Math.min(Math.max(part, 0), 1) * size);
    const x = within((clientX - box.left) / box.width, this.width);
    return [x, within((clientY - box.top) / box.height, this.height)];
  }

  begin(event) {
    if (event.button > 0 || this.drawing !== null) return;
    event.preventDefault();
    this.pad.setPointerCapture(event.pointerId);
    this.drawing = event.pointerId;
    this.strokes.push([this.point(event)]);
    this.draw();
  }

  go(event) {
    if (event.pointerId !== this.drawing) return;
    const stroke = this.strokes.at(-1);
    for (const step of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = this.point(step);
      const [lastX, lastY] = stroke.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= STEP) stroke.push([x, y]);
    }
    this.draw();
  }

  end(event) {
    if (event.pointerId !== this.drawing) return;
    this.drawing = null;
    this.keep(this.strokes);
  }

  keep(strokes) {
    this.strokes = strokes;
    this.draw();
    const { width: w, height: h } = this;
    this.field.value = strokes.length ? JSON.stringify({ w, h, s: strokes.map((points) => points.flat()) }) : "";
    this.undo.disabled = this.clear.disabled = !strokes.length;
    this.status.textContent = strokes.length ? say("strokes", { count: strokes.length }) : "";
  }

  draw() {
    const lines = this.pad.children;
    while (lines.length > this.strokes.length) lines[lines.length - 1].remove();
    while (lines.length < this.strokes.length) this.pad.append(document.createElementNS(SVG, "path"));
    // Only the last line grows, unless all of them are new.
    this.strokes.forEach((points, at) => {
      if (at === this.strokes.length - 1 || !lines[at].hasAttribute("d")) lines[at].setAttribute("d", path(points));
    });
    this.part.toggleAttribute("data-signed", this.strokes.length > 0);
  }
}

enhance("[data-signature]", (part) => new Pad(part));

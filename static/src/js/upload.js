// <form data-upload> with a drop zone: files go one by one, each with its own bar, and can be tried again.
// data-upload-target="#list" takes the piece of page that each answer brings, by way of data-upload-swap.
// <form data-upload="single"> sends one file with the whole form and follows where the answer leads.
import htmx from "htmx.org";
import { icon, make } from "./build.js";
import { enhance } from "./enhance.js";
import { complaint, ourHeaders } from "./requests.js";
import { say } from "./words.js";

const AT_ONCE = 2;
const TABLE = /\.(xlsx?|csv|txt)$/i;

/** Sends `body` to the form's address; resolves to the answer, whatever its status. */
function send(form, body, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    for (const [name, value] of Object.entries(ourHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener("loadend", () => resolve(request));
    request.send(body);
  });
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** A small picture of the file, drawn here; formats that the browser cannot read get an icon. */
async function preview(file) {
  const canvas = make("canvas", { width: 128, height: 96, "aria-hidden": "true" });
  const picture = await createImageBitmap(file, { resizeWidth: 256, imageOrientation: "from-image" });
  const scale = Math.max(128 / picture.width, 96 / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  canvas.getContext("2d").drawImage(picture, (128 - width) / 2, (96 - height) / 2, width, height);
  picture.close();
  return canvas;
}

function row(file) {
  const face = make("span", { className: "no-preview" }, icon(TABLE.test(file.name) ? "file-spreadsheet" : "photo"));
  const bar = make("progress", { max: 1, value: 0, "aria-label": file.name });
  const state = make("div", { className: "upload-state" }, bar);
  const name = make("div", { className: "upload-name" }, file.name, make("small", {}, size(file.size)));
  const line = make("li", { className: "upload-row" }, face, name, state);
  if (file.type.startsWith("image/")) preview(file).then((canvas) => face.replaceWith(canvas)).catch(() => {});
  return { line, bar, state };
}

function refuse({ line, state }, reason, retry) {
  line.classList.add("is-failed");
  state.replaceChildren(reason);
  if (!retry) return;
  const again = make("button", { type: "button", className: "btn btn-sm" }, icon("refresh"), say("try_again"));
  again.addEventListener("click", () => {
    line.remove();
    retry();
  });
  line.append(again);
}

function accept(form, { line, state }, request) {
  const target = document.querySelector(form.dataset.uploadTarget ?? ":not(*)");
  if (!target) {
    state.replaceChildren(say("uploaded"));
    return;
  }
  const swap = form.dataset.uploadSwap ?? "beforeend";
  htmx.swap({ sourceElement: form, target, swap, text: request.responseText });
  line.remove();
}

function tooLarge(form, file) {
  const limit = Number(form.dataset.uploadLimit ?? 0);
  return limit && file.size > limit * 1e6 ? say("file_too_large", { limit }) : "";
}

async function bring(form, file, name) {
  const view = row(file);
  form.querySelector("[data-upload-list]").append(view.line);
  const reason = tooLarge(form, file);
  if (reason) return refuse(view, reason);
  const body = new FormData(form);
  for (const input of form.querySelectorAll("input[type=file]")) body.delete(input.name);
  body.append(name, file);
  const request = await send(form, body, (part) => (view.bar.value = part));
  if (request.status >= 200 && request.status < 300) return accept(form, view, request);
  const why = request.status ? complaint(request.status, request.responseText) : say("offline");
  // A file that was looked at and refused is no better the second time.
  return refuse(view, why, request.status === 422 ? null : () => bring(form, file, name));
}

async function bringAll(form, files, name) {
  const waiting = [...files];
  const worker = async () => {
    while (waiting.length) await bring(form, waiting.shift(), name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function follow(request) {
  const next = request.getResponseHeader("HX-Redirect") ?? request.responseURL;
  location.assign(next);
}

async function sendWhole(form) {
  const file = form.querySelector("input[type=file]").files[0];
  if (!file) return form.reportValidity();
  const view = row(file);
  form.querySelector("[data-upload-list]").replaceChildren(view.line);
  const reason = tooLarge(form, file);
  if (reason) return refuse(view, reason);
  // Once all has been sent the server reads the file: how long that takes is not known.
  const show = (part) => (part < 1 ? (view.bar.value = part) : view.bar.removeAttribute("value"));
  const request = await send(form, new FormData(form), show);
  if (request.status >= 200 && request.status < 300) return follow(request);
  return refuse(view, request.status ? complaint(request.status, request.responseText) : say("offline"));
}

function droppable(zone, take) {
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
}

function single(form) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-upload-list]");
  const show = () => list.replaceChildren(...[...input.files].map((file) => row(file).line));
  input.addEventListener("change", show);
  droppable(form.querySelector(".dropzone"), (files) => {
    input.files = files;
    show();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendWhole(form);
  });
}

function several(form) {
  for (const input of form.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      bringAll(form, input.files, input.name);
      input.value = "";
    });
  }
  const { name } = form.querySelector("input[type=file]");
  droppable(form.querySelector(".dropzone"), (files) => bringAll(form, files, name));
}

enhance("form[data-upload]", (form) => (form.dataset.upload === "single" ? single(form) : several(form)));

// A question that names the thing, before something that cannot be taken back.
//   <button data-confirm="撤回“联想台式机”吗？" data-confirm-note="撤回后其他单位不再看得到。"
//           data-confirm-action="撤回" data-confirm-final>
// on a button, a link or a form; hx-confirm is asked in the same way.
import { make } from "./build.js";
import { say } from "./words.js";

/** Ask; resolves to whether the answer was yes. */
export function ask({ question, note = "", action = "", final = false }) {
  const yes = make(
    "button",
    { type: "submit", value: "yes", className: `btn ${final ? "btn-final" : "btn-primary"}` },
    action || say("confirm"),
  );
  const no = make("button", { type: "submit", value: "", className: "btn", autofocus: true }, say("cancel"));
  const dialog = make(
    "dialog",
    { className: "dialog", "aria-labelledby": "ask-question" },
    make("div", { className: "dialog-head" }, make("h2", { id: "ask-question" }, question)),
    make("div", { className: "dialog-body" }, note ? make("p", { className: "soft" }, note) : null),
    make("form", { method: "dialog", className: "dialog-foot" }, no, yes),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

const answered = new WeakSet();

function asked(element) {
  const { confirm, confirmNote, confirmAction } = element.dataset;
  const final = "confirmFinal" in element.dataset;
  return ask({ question: confirm, note: confirmNote, action: confirmAction, final });
}

async function hold(event, element, proceed) {
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await asked(element))) return;
  answered.add(element);
  proceed();
  answered.delete(element);
}

document.addEventListener(
  "click",
  (event) => {
    const element = event.target.closest?.("a[data-confirm], button[data-confirm]");
    if (element && !answered.has(element)) hold(event, element, () => element.click());
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-confirm]");
    if (form && !answered.has(form)) hold(event, form, () => form.requestSubmit(event.submitter));
  },
  true,
);

document.addEventListener("htmx:confirm", async (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  const { confirmNote, confirmAction } = ctx.sourceElement.dataset;
  const yes = await ask({ question: ctx.confirm, note: confirmNote, action: confirmAction });
  if (yes) issueRequest();
  else dropRequest();
});

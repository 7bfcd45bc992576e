// <form data-guard>: leaving with something typed and not sent is asked about first.
import { enhance } from "./enhance.js";

const state = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));

enhance("form[data-guard]", (form) => {
  let before = state(form).toString();
  const settle = () => (before = state(form).toString());
  const ask = (event) => {
    if (form.isConnected && state(form).toString() !== before) event.preventDefault();
  };
  form.addEventListener("submit", settle);
  window.addEventListener("beforeunload", ask);
});

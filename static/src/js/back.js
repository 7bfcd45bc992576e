// The way back to the list that one came from: a list (data-list="its name") notes its address when it is left,
// and a link with data-back leads there instead of to the list's beginning. Kept for this tab only.

const KEY = "list";

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

window.addEventListener("pagehide", () => {
  const name = document.querySelector("[data-list]")?.dataset.list;
  if (!name) return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ name, address: location.pathname + location.search }));
  } catch {
    // Storage is switched off: the link leads to the beginning of the list.
  }
});

const list = kept();
if (list?.address?.startsWith("/") && !list.address.startsWith("//")) {
  for (const link of document.querySelectorAll("a[data-back]")) {
    link.href = list.address;
    link.textContent = list.name;
  }
}

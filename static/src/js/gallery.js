// <ul data-gallery> of links to large photos, each with data-pswp-width and data-pswp-height: PhotoSwipe is
// fetched when the first one is opened.
import { say } from "./words.js";

async function open(gallery, index) {
  const { default: Lightbox } = await import("photoswipe/lightbox");
  const box = new Lightbox({
    gallery,
    children: "a[data-pswp-width]",
    pswpModule: () => import("photoswipe"),
    bgOpacity: 0.94,
    closeTitle: say("close"),
    zoomTitle: say("zoom"),
    arrowPrevTitle: say("previous_photo"),
    arrowNextTitle: say("next_photo"),
    errorMsg: say("photo_missing"),
  });
  box.on("afterInit", () => box.pswp.element.setAttribute("aria-label", gallery.getAttribute("aria-label") ?? ""));
  box.on("closingAnimationEnd", () => box.destroy());
  box.init();
  box.loadAndOpen(index, { gallery });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-gallery] a[data-pswp-width]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const gallery = link.closest("[data-gallery]");
  open(gallery, [...gallery.querySelectorAll("a[data-pswp-width]")].indexOf(link));
});

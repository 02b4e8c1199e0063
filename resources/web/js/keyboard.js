// A phone's keyboard takes half of the page. While somebody writes, the page fits into what is left: the picture, what is
// being said, and the field. Where the browser makes the page itself smaller its height tells it, elsewhere only what it shows.

const LITTLE_PX = 520;

/** `room`: the page's place, which gets `data-writing`, and its height and place as --seen and --seen-top, while there is little. */
export function fitAboveKeyboard(room) {
  const view = window.visualViewport;
  if (!view) return;
  const fit = () => {
    const zoomed = view.scale > 1.01; // somebody looks closer with two fingers: that is no keyboard
    const writes = Boolean(document.activeElement?.closest(".compose"));
    const fits = writes && !zoomed && view.height < LITTLE_PX;
    room.toggleAttribute("data-writing", fits);
    room.style.setProperty("--seen", `${view.height}px`);
    room.style.setProperty("--seen-top", `${view.offsetTop}px`);
  };
  for (const event of ["resize", "scroll"]) view.addEventListener(event, fit);
  for (const event of ["focusin", "focusout"]) room.addEventListener(event, () => requestAnimationFrame(fit));
}

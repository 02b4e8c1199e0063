// Tabs as the ARIA practices have them: one stop for Tab, arrows, Home and End choose.

/** Makes the tablist work. `shown(panel)` after a change. Returns a function that shows a panel by its id. */
export function tabs(list, shown = () => {}) {
  const all = [...list.querySelectorAll('[role="tab"]')].filter((tab) => !tab.hidden);
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const choose = (chosen, focus = false) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      panel(tab).hidden = tab !== chosen;
    }
    if (focus) chosen.focus();
    shown(panel(chosen).id);
  };
  for (const tab of all) tab.addEventListener("click", () => choose(tab));
  list.addEventListener("keydown", (event) => {
    const forward = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward }[event.key];
    const at = all.indexOf(document.activeElement);
    if (at < 0) return;
    let next = null;
    if (step) next = all[(at + step + all.length) % all.length];
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all.at(-1);
    if (!next) return;
    event.preventDefault();
    choose(next, true);
  });
  return (id) => choose(all.find((tab) => tab.getAttribute("aria-controls") === id));
}

// 微网格工作台: one key for each step; keys stay with a field while one types in it.
(() => {
  const TOOLS = ["choose", "box", "polygon", "split", "take", "drag", "station"];
  const BUTTONS = {
    m: "studio-move", b: "studio-enclose", g: "studio-merge", s: "studio-split", l: "studio-lock", u: "studio-unlock",
    z: "studio-undo", y: "studio-redo", n: "studio-next", c: "studio-check", r: "studio-again",
    "?": "studio-help", escape: "studio-clear",
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    pingqiStudio: {
      help: (clicks, opened) => (clicks ? !opened : window.dash_clientside.no_update),
      draw: (tool) => ({ box: "box", polygon: "polygon", split: "line", take: "polygon", drag: "vertex" })[tool] ?? null,
      compared: (search) => new URLSearchParams(search ?? "").get("with") ?? "",
    },
  });

  document.addEventListener("keydown", (event) => {
    if (!document.getElementById("studio-map") || event.altKey || event.repeat) return;
    if (event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]")) return;
    const key = event.key.toLowerCase();
    const control = event.ctrlKey || event.metaKey;
    if (control && key !== "z" && key !== "y") return;
    const tool = TOOLS[Number(event.key) - 1];
    if (tool && !control) {
      window.dash_clientside.set_props("studio-tool", { value: tool });
      return;
    }
    const id = control && key === "z" && event.shiftKey ? "studio-redo" : BUTTONS[key];
    const button = id && document.getElementById(id);
    if (!button) return;
    if (control) event.preventDefault();
    button.click();
  });
})();

// 全市一张图: the search box.
(() => {
  // A hit that is chosen, counted so that the same one can be chosen again.
  let choices = 0;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    pingqiCity: {
      found: (key) => {
        if (!key) throw window.dash_clientside.PreventUpdate;
        return [{ key, choice: (choices += 1) }, null];
      },
    },
  });

  // Enter takes the hit that is marked on the screen. Mantine counts hits by their place in the list and forgets
  // the place, not the mark, when other hits come in; Enter then did nothing.
  const onEnter = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.id !== "city-search") return;
    const list = document.getElementById(event.target.getAttribute("aria-controls"));
    const marked = list?.querySelector("[data-combobox-selected]");
    if (!marked) return;
    event.preventDefault();
    event.stopPropagation();
    marked.click();
  };
  document.addEventListener("keydown", onEnter, true);
})();

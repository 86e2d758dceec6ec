// What is chosen on the map, by search or by address stands in the tree where one can see it.
(() => {
  let shown = null;
  const look = () => {
    const label = document.querySelector("#city-tree .mantine-Tree-label[data-selected]");
    const value = label?.dataset.value ?? null;
    if (value === shown) return;
    shown = value;
    label?.scrollIntoView({ block: "nearest" });
  };
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-selected"] };
  new MutationObserver(look).observe(document.documentElement, changes);
})();

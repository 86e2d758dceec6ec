// Functions that library components call by name (dash-mantine-components: "functions as props").
(() => {
  const element = (...parts) => window.React.createElement(...parts);

  // The server has filtered the hits already: show them all.
  const pingqiShowAll = ({ options }) => options;

  // A node of the organisation tree: arrow, name, rank, and a mark where the secretary's seat is vacant.
  const pingqiTreeNode = ({ node, expanded, hasChildren, elementProps, tree }) => {
    const { "data-rank": rank, "data-vacant": vacant } = node.nodeProps || {};
    const toggle = (event) => { event.stopPropagation(); tree.toggleExpanded(node.value); };
    return element("div", elementProps,
      element("span", {
        className: hasChildren ? (expanded ? "tree-arrow open" : "tree-arrow") : "tree-arrow none",
        onClick: hasChildren ? toggle : undefined, "aria-hidden": true,
      }, hasChildren ? "›" : ""),
      element("span", { className: "tree-name", title: node.label }, node.label),
      rank && element("span", { className: "tree-rank" }, rank),
      vacant && element("span", { className: "tree-vacant" }, vacant));
  };

  // The tree's own keys move and unfold; Enter chooses the node that has the focus. The focus does not go to
  // the stand-in of children that are still to come: it would be lost with it.
  document.addEventListener("keydown", (event) => {
    const node = event.target;
    if (!node.matches?.("#city-tree [role=treeitem]")) return;
    const waits = node.querySelector(":scope > ul > li")?.dataset.value.endsWith("/");
    if (event.key === "Enter") node.querySelector(".mantine-Tree-label").click();
    else if (event.key !== "ArrowDown" || !waits) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  window.dashMantineFunctions = Object.assign(window.dashMantineFunctions || {}, { pingqiShowAll, pingqiTreeNode });
})();

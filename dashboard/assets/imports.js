// A box that takes files: picked or dropped, sent with progress, then on to the preview; where the box names a
// store, the upload's token goes there and the page stays.
(() => {
  const tell = (box, text, bad) => {
    const line = box.querySelector(".import-drop-state");
    line.textContent = text;
    line.classList.toggle("bad", Boolean(bad));
  };

  const send = (box, files) => {
    if (!files.length) return;
    const most = Number(box.dataset.bytes);
    const size = [...files].reduce((sum, file) => sum + file.size, 0);
    if (size > most) { tell(box, box.dataset.large, true); return; }
    const form = new FormData();
    [...files].forEach((file) => form.append("file", file));
    const request = new XMLHttpRequest();
    request.open("POST", box.dataset.url);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) tell(box, `${box.dataset.sending} ${Math.round(100 * event.loaded / event.total)}%`);
    };
    request.onload = () => {
      if (request.status === 200 && box.dataset.store) {
        tell(box, "");
        window.dash_clientside.set_props(box.dataset.store, { data: request.response.token });
      } else if (request.status === 200) window.location.assign(request.response.location);
      else tell(box, request.response?.message || box.dataset.failed, true);
    };
    request.onerror = () => tell(box, box.dataset.failed, true);
    tell(box, box.dataset.sending);
    request.send(form);
  };

  const boxOf = (event) => event.target.closest?.(".import-drop");

  document.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (!box) return;
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = box.dataset.accept;
    input.onchange = () => send(box, input.files);
    input.click();
  });
  document.addEventListener("keydown", (event) => {
    if (boxOf(event) && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); event.target.click(); }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const box = boxOf(event);
      if (!box) return;
      event.preventDefault();
      box.classList.toggle("over", kind === "dragover");
      if (kind === "drop") send(box, event.dataTransfer.files);
    });
  }
})();

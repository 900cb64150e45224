// Sorts tables, copies drawings as pictures, and lets arrow keys move over the tiles of a map.
// The page is whole without it: tables are in order, pictures are files, maps have a table.
(() => {
  const words = document.body.dataset;

  // The number that a cell shows, or the first of an interval; text where the column is no number.
  const number = (text) => {
    const plain = text.replace(/\u2212/g, "-").replace(/[\u00a0\s]/g, "");
    const found = plain.match(/-?\d[\d.,]*/);
    if (!found) return null;
    const point = document.documentElement.lang === "nb" ? ["", "."] : [".", ""];
    return Number(found[0].replace(/\./g, point[0]).replace(/,/g, point[1]));
  };
  const key = (row, column, isNumber) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    return isNumber ? number(text) : text;
  };
  const compare = (first, second) =>
    typeof first === "number" ? first - second : first.localeCompare(second, "nb");

  for (const head of document.querySelectorAll("main thead th:not(.drawing)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.title = words.sort;
    head.append(button);
    button.addEventListener("click", () => {
      const isNumber = head.classList.contains("number");
      const usual = isNumber ? "descending" : "ascending";
      const other = isNumber ? "ascending" : "descending";
      const order = head.ariaSort === usual ? other : usual;
      for (const each of head.parentNode.cells) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const body = head.closest("table").tBodies[0];
      const rows = [...body.rows].filter((row) => !row.classList.contains("foot"));
      const keys = new Map(rows.map((row) => [row, key(row, head.cellIndex, isNumber)]));
      const isEmpty = (row) => keys.get(row) === null || keys.get(row) === "";
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((first, second) => {
        if (isEmpty(first) || isEmpty(second)) return isEmpty(first) - isEmpty(second);
        return sign * compare(keys.get(first), keys.get(second));
      });
      body.prepend(...rows);
    });
  }

  // A drawing with the colours it has now, so that it looks the same elsewhere.
  const coloured = (drawing) => {
    const copy = drawing.cloneNode(true);
    const box = drawing.viewBox.baseVal;
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", 2 * box.width);
    copy.setAttribute("height", 2 * box.height);
    const style = getComputedStyle(document.documentElement);
    const colour = (match, name) => style.getPropertyValue(name).trim();
    const text = new XMLSerializer().serializeToString(copy);
    return text.replace(/var\((--[\w-]+)\)/g, colour);
  };
  const picture = async (drawing) => {
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(coloured(drawing));
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  };
  if (navigator.clipboard && window.ClipboardItem) {
    for (const panel of document.querySelectorAll(".panel, .map")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = words.copy;
      const title = panel.querySelector("h4").textContent;
      button.setAttribute("aria-label", `${words.copy}: ${title}`);
      panel.append(button);
      button.addEventListener("click", async () => {
        try {
          const item = { "image/png": picture(panel.querySelector("svg[role]")) };
          await navigator.clipboard.write([new ClipboardItem(item)]);
          button.textContent = words.copied;
        } catch {
          button.textContent = words.failed;
        }
      });
    }
  }

  // One tile of a map at a time can be reached by Tab; arrows move to the nearest in a direction.
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const middle = (tile) => {
    const box = tile.getBBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  for (const map of document.querySelectorAll(".map > svg")) {
    const tiles = [...map.querySelectorAll(".tile")];
    const shown = document.createElement("p");
    shown.className = "quiet tile-shown";
    shown.setAttribute("aria-hidden", "true");
    shown.textContent = words.map;
    map.after(shown);
    const show = (tile) => (shown.textContent = tile.getAttribute("aria-label"));
    tiles.forEach((tile, index) => {
      tile.setAttribute("tabindex", index ? -1 : 0);
      tile.addEventListener("focus", () => show(tile));
      tile.addEventListener("keydown", (event) => {
        const link = event.key === "Enter" && tile.closest("a");
        if (link) location.assign(link.href.baseVal);
      });
      tile.addEventListener("pointerenter", () => show(tile));
    });
    map.addEventListener("keydown", (event) => {
      const direction = directions[event.key];
      const from = event.target.closest(".tile");
      if (!direction || !from) return;
      event.preventDefault();
      const [x, y] = middle(from);
      const distance = (tile) => {
        const [right, down] = [middle(tile)[0] - x, middle(tile)[1] - y];
        const along = right * direction[0] + down * direction[1];
        const across = Math.abs(right * direction[1]) + Math.abs(down * direction[0]);
        return along > 1 && across <= 2 * along ? along + 2 * across : Infinity;
      };
      const [nearest] = [...tiles].sort((first, second) => distance(first) - distance(second));
      if (distance(nearest) === Infinity) return;
      from.setAttribute("tabindex", -1);
      nearest.setAttribute("tabindex", 0);
      nearest.focus();
    });
  }
})();

"use strict";
((words, index) => {
  const form = document.getElementById("search");
  const input = form.querySelector("input");
  const list = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  const { folder, levels, most, none, hits, more } = words;
  const folded = (text) => text.toLowerCase().replaceAll("æ", "ae").replaceAll("ø", "o")
    .normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const areas = index.split("\n").map((line) => {
    const [stem, name, former] = line.split("|");
    const file = /^\d+$/.test(stem) ? `kommune-${stem}` : stem;
    const texts = [name, ...(former ? former.split(";") : [])].map(folded);
    return { file, name, former, texts, code: /\d/.test(stem) ? stem : "" };
  });
  const rank = (area, wanted) => {
    if (area.texts[0] === wanted) return 0;
    if (area.texts.includes(wanted) || area.code === wanted) return 1;
    if (area.texts[0].startsWith(wanted)) return 2;
    if (area.texts.some((text) => ` ${text}`.includes(` ${wanted}`))) return 3;
    return wanted.length > 2 && area.texts.some((text) => text.includes(wanted)) ? 4 : 9;
  };
  const found = (text) => {
    const wanted = folded(text);
    if (!wanted) return [];
    return areas.map((area, order) => [rank(area, wanted), order, area])
      .filter(([at]) => at < 9).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  };
  const show = () => {
    const hit = found(input.value);
    list.replaceChildren(...hit.slice(0, most).map(([, , area]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${folder}${area.file}.html`;
      link.textContent = area.name;
      item.append(link, ` ${levels[area.file.split("-")[0]]}${area.former ? ` (${area.former.replaceAll(";", ", ")})` : ""}`);
      return item;
    }));
    const count = hit.length > most ? more : hits;
    const text = hit.length ? count : none;
    status.textContent = folded(input.value) ? text.replace("#", hit.length).replace("%", most) : "";
    return hit;
  };
  input.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const hit = show();
    const exact = hit.filter(([at]) => at < 2);
    const chosen = exact.length === 1 ? exact : hit;
    if (chosen.length === 1) location.assign(`${folder}${chosen[0][2].file}.html`);
    else if (hit.length) list.querySelector("a").focus();
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) { input.value = asked; show(); }
})

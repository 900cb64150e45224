"use strict";
const SHORT = 24; // characters of a text that is not folded
const statement = document.getElementById("sql");
const outcome = document.getElementById("outcome");
const answer = document.getElementById("answer");
const drawing = document.getElementById("drawing");
const choices = { value: document.getElementById("value"), name: document.getElementById("name") };
let latest = null; // the answer that is shown

function cell(kind, text, isNumber) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (isNumber) element.className = "number";
  else if (text.length <= SHORT) element.className = "short";
  if (kind === "th") element.scope = "col";
  return element;
}

function tableOf(result) {
  const table = document.createElement("table");
  const isNumber = (position) => result.numbers.includes(position);
  const head = table.createTHead().insertRow();
  result.columns.forEach((name, position) => head.append(cell("th", name, isNumber(position))));
  const body = table.createTBody();
  for (const texts of result.rows) {
    const row = body.insertRow();
    texts.forEach((text, position) => row.append(cell("td", text, isNumber(position))));
  }
  return table;
}

const MOST_BARS = 40;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ROW = 24; // height of a bar with its gap
const MARGIN = 8;
const HEIGHT = 260; // of a chart over time
const LETTER = 7.2; // width of a letter

function shape(kind, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function shortened(text, width) {
  const most = Math.max(Math.floor(width / LETTER), 4);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

// Offer the columns of numbers, and what to draw them by; the last choice is kept where it can be.
function offerChart() {
  const numbers = latest.numbers;
  const others = latest.columns.map((_, position) => position).filter((p) => !numbers.includes(p));
  const isDrawable = numbers.length > 0 && others.length > 0 && latest.rows.length > 1;
  drawing.hidden = !isDrawable;
  if (!isDrawable) return;
  const preferred = {
    value: numbers.find((p) => /share|count|value/.test(latest.columns[p])) ?? numbers[0],
    name: mostDifferent(others.filter((p) => /_name$|_label$/.test(latest.columns[p]))) ?? others[0],
  };
  const days = others.find((p) => isOfDays(p) && areDifferent(p));
  if (days !== undefined) preferred.name = days;
  for (const [kind, positions] of [["value", numbers], ["name", others]]) {
    const options = positions.map((position) => {
      const option = document.createElement("option");
      option.value = position;
      option.textContent = latest.columns[position];
      option.selected = position === preferred[kind];
      return option;
    });
    choices[kind].replaceChildren(...options);
  }
  draw();
}

function isOfDays(position) {
  return latest.rows.every((row) => DAY.test(row[position]));
}

function different(position) {
  return new Set(latest.rows.map((row) => row[position])).size;
}

function areDifferent(position) {
  return different(position) === latest.rows.length;
}

function mostDifferent(positions) {
  return [...positions].sort((a, b) => different(b) - different(a))[0];
}

// Rows without a number are not drawn, and the caption counts them.
function draw() {
  const [value, name] = [Number(choices.value.value), Number(choices.name.value)];
  const known = latest.rows.filter((row) => row[value] !== "" && Number.isFinite(Number(row[value])));
  const points = known.map((row) => ({ name: row[name], text: row[value], value: Number(row[value]) }));
  const isOverTime = isOfDays(name) && areDifferent(name);
  const drawn = isOverTime ? points.sort((a, b) => (a.name < b.name ? -1 : 1)) : points.slice(0, MOST_BARS);
  const title = `${latest.columns[value]} by ${latest.columns[name]}`;
  const chart = document.getElementById("chart");
  chart.replaceChildren();
  if (drawn.length) chart.append(isOverTime ? lineOf(drawn, title) : barsOf(drawn, title));
  const empty = latest.rows.length - known.length;
  const parts = [`${drawn.length} of ${latest.rows.length} rows are drawn; all are in the table below.`];
  if (empty) parts.push(`${empty} without a number of ${latest.columns[value]} are not.`);
  document.getElementById("caption").textContent = parts.join(" ");
}

function canvas(title, height) {
  const width = Math.max(document.getElementById("chart").clientWidth, 240);
  const svg = shape("svg", { width, height, role: "img", "aria-label": title });
  return [svg, width];
}

function barsOf(points, title) {
  const [svg, width] = canvas(title, points.length * ROW + MARGIN);
  const names = Math.min(Math.max(...points.map((p) => p.name.length)) * LETTER + MARGIN, width * 0.45);
  const numbers = Math.max(...points.map((p) => p.text.length)) * LETTER + MARGIN;
  const [least, most] = [Math.min(0, ...points.map((p) => p.value)), Math.max(0, ...points.map((p) => p.value))];
  const scale = Math.max(width - names - numbers - MARGIN, 20) / (most - least || 1);
  const zero = names + MARGIN - least * scale;
  points.forEach((point, number) => {
    const y = number * ROW + MARGIN;
    const end = zero + point.value * scale;
    svg.append(
      shape("text", { x: 0, y: y + 13 }, shortened(point.name, names)),
      shape("rect", { class: "mark", x: Math.min(zero, end), y, width: Math.abs(end - zero), height: ROW - 8 }),
      shape("text", { x: Math.max(zero, end) + 4, y: y + 13 }, point.text),
    );
  });
  svg.append(shape("line", { class: "axis", x1: zero, x2: zero, y1: 0, y2: points.length * ROW + MARGIN }));
  return svg;
}

function lineOf(points, title) {
  const [svg, width] = canvas(title, HEIGHT);
  const days = points.map((point) => Date.parse(point.name) / 86400000);
  const [first, last] = [days[0], days[days.length - 1]];
  const [least, most] = [Math.min(0, ...points.map((p) => p.value)), Math.max(0, ...points.map((p) => p.value))];
  const [top, bottom] = [2.5 * MARGIN, HEIGHT - 4 * MARGIN];
  const x = (day) => MARGIN + ((day - first) / (last - first || 1)) * (width - 2 * MARGIN);
  const y = (value) => bottom - ((value - least) / (most - least || 1)) * (bottom - top);
  svg.append(shape("line", { class: "axis", x1: 0, x2: width, y1: y(0), y2: y(0) }));
  const path = points.map((p, i) => `${x(days[i])},${y(p.value)}`).join(" ");
  svg.append(shape("polyline", { class: "path", points: path }));
  points.forEach((p, i) => svg.append(shape("circle", { class: "mark", cx: x(days[i]), cy: y(p.value), r: 3 })));
  const [start, end] = [points[0], points[points.length - 1]];
  svg.append(shape("text", { x: 0, y: HEIGHT - 8 }, start.name));
  svg.append(shape("text", { x: width, y: HEIGHT - 8, "text-anchor": "end" }, end.name));
  svg.append(shape("text", { x: 0, y: y(start.value) - 8 }, start.text));
  svg.append(shape("text", { x: width, y: y(end.value) - 8, "text-anchor": "end" }, end.text));
  return svg;
}

// Show only the tables that have the words in their name, or in the name of a column.
function find(words) {
  const tables = [...document.querySelectorAll("details")];
  for (const table of tables) {
    const names = [...table.querySelectorAll("code")].map((code) => code.textContent);
    table.hidden = !names.some((name) => name.includes(words));
    table.open = words.length > 2 && !table.hidden;
  }
  const shown = tables.filter((table) => !table.hidden).length;
  document.getElementById("found").textContent = words ? `${shown} of ${tables.length} tables` : "";
}

async function ask() {
  outcome.textContent = "Running …";
  answer.replaceChildren();
  answer.hidden = drawing.hidden = true;
  try {
    const response = await fetch("/query", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql: statement.value }),
    });
    const result = await response.json();
    outcome.textContent = result.message;
    if (result.columns) {
      answer.hidden = false;
      answer.append(tableOf(result));
      latest = result;
      offerChart();
    }
  } catch (error) {
    outcome.textContent = `The page got no answer: ${error.message}`;
  }
}

document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
statement.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
for (const button of document.querySelectorAll("button[data-sql]")) {
  button.addEventListener("click", () => {
    statement.value = button.dataset.sql;
    statement.focus();
    ask();
  });
}

for (const button of document.querySelectorAll("button[data-insert]")) {
  button.addEventListener("click", () => {
    statement.setRangeText(button.dataset.insert, statement.selectionStart, statement.selectionEnd, "end");
    statement.focus();
  });
}
for (const choice of Object.values(choices)) choice.addEventListener("change", draw);
window.addEventListener("resize", () => drawing.hidden || draw());
document.getElementById("find").addEventListener("input", (event) => find(event.target.value.trim().toLowerCase()));

// a first answer is there when the page opens
ask();

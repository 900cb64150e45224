"use strict";
const SHORT = 24; // characters of a text that is not folded
const statement = document.getElementById("sql");
const outcome = document.getElementById("outcome");
const answer = document.getElementById("answer");

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

async function ask() {
  outcome.textContent = "Running …";
  answer.replaceChildren();
  answer.hidden = true;
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

// a first answer is there when the page opens
ask();

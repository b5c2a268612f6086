"use strict";

const byId = (id) => document.getElementById(id);
const text = byId("text");
const model = byId("model");
const result = byId("result");
const legend = byId("legend");
const state = byId("state");
const curl = byId("curl");

const PAUSE = 120; // milliseconds without a key before the text is sent
const HUES = [211, 28, 145, 330, 265, 55, 180, 0, 95, 300, 235, 15];
const hues = new Map();
let timer = 0;
let sending = null;

function hueOf(label) {
  if (!hues.has(label)) {
    const round = Math.floor(hues.size / HUES.length);
    hues.set(label, (HUES[hues.size % HUES.length] + 20 * round) % 360);
  }
  return hues.get(label);
}

function element(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function say(message, failed) {
  state.textContent = message;
  state.classList.toggle("failed", Boolean(failed));
}

function percent(score) {
  return `${(100 * score).toFixed(1)} %`;
}

function requestBody() {
  return JSON.stringify({ instances: [text.value] });
}

function requestPath() {
  return `v1/models/${encodeURIComponent(model.value)}:predict`;
}

function showCurl() {
  const quoted = requestBody().replaceAll("'", "'\\''");
  const address = new URL(requestPath(), document.baseURI);
  curl.textContent = `curl -d '${quoted}' \\\n  '${address}'`;
}

// Offsets count code points; a string's indices count UTF-16 units.
function entitiesOf(row) {
  const entities = [];
  for (let i = 0; i < row.count; i += 1) {
    entities.push({
      label: row.label[i],
      start: row.start[i],
      end: row.end[i],
      score: row.score[i],
    });
  }
  return entities;
}

function mark(content, entity) {
  const made = element("mark", "", content);
  made.tabIndex = 0;
  made.style.setProperty("--hue", hueOf(entity.label));
  made.setAttribute("aria-label", `${content}, ${entity.label}, confidence ${percent(entity.score)}`);
  made.append(element("span", "label", entity.label));
  const tip = element("span", "tip", `${entity.label}, confidence ${percent(entity.score)}`);
  tip.setAttribute("role", "tooltip");
  made.append(tip);
  return made;
}

function show(source, entities) {
  const points = Array.from(source);
  const pieces = [];
  let at = 0;
  for (const entity of entities) {
    pieces.push(points.slice(at, entity.start).join(""));
    pieces.push(mark(points.slice(entity.start, entity.end).join(""), entity));
    at = entity.end;
  }
  pieces.push(points.slice(at).join(""));
  result.replaceChildren(...pieces);
}

function showLegend(entities) {
  const counts = new Map();
  for (const { label } of entities) counts.set(label, (counts.get(label) || 0) + 1);
  const items = [...counts].sort().map(([label, count]) => {
    const item = element("li");
    const swatch = element("span", "swatch");
    swatch.style.setProperty("--hue", hueOf(label));
    item.append(swatch, label, element("span", "number", String(count)));
    return item;
  });
  legend.replaceChildren(...items);
}

async function tag() {
  if (sending) sending.abort();
  if (!model.value) return;
  showCurl();
  if (!text.value) {
    result.replaceChildren();
    legend.replaceChildren();
    say("");
    return;
  }
  const source = text.value;
  const current = new AbortController();
  sending = current;
  const started = performance.now();
  try {
    const response = await fetch(requestPath(), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: requestBody(),
      signal: current.signal,
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    const entities = entitiesOf(answer.predictions[0]);
    show(source, entities);
    showLegend(entities);
    const milliseconds = Math.round(performance.now() - started);
    const found = entities.length === 1 ? "1 entity" : `${entities.length} entities`;
    say(`${found} in ${milliseconds} ms`);
  } catch (error) {
    if (current.signal.aborted) return;
    say(error instanceof TypeError ? "The server does not answer." : error.message, true);
  }
}

function tagSoon() {
  clearTimeout(timer);
  timer = setTimeout(tag, PAUSE);
}

async function copy() {
  const button = byId("copy");
  try {
    await navigator.clipboard.writeText(curl.textContent);
    button.textContent = "Copied";
  } catch {
    // Without https, only loopback may use the clipboard: leave it selected, for Ctrl-C.
    getSelection().selectAllChildren(curl);
    button.textContent = "Press Ctrl-C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

async function start() {
  try {
    const response = await fetch("page/models.json");
    const taggers = (await response.json()).filter((served) => served.tagger);
    for (const served of taggers) model.append(new Option(served.name));
    model.disabled = taggers.length < 2;
    if (!taggers.length) say("No model that is served here finds entities in text.", true);
    await tag();
  } catch {
    say("The server does not answer.", true);
  }
}

text.addEventListener("input", tagSoon);
model.addEventListener("change", tag);
byId("clear").addEventListener("click", () => { text.value = ""; tag(); text.focus(); });
byId("copy").addEventListener("click", copy);
start();

"use strict";
/**
 * The page: what is wanted is in the address, so that every view has a permanent link.
 *
 * `#q=words&thought=pot&outcome=timeout&failed=steps&min_cost_usd=0.01&problem=ID&record=ID`
 */

const SHOWN = 25; // problems that a screenful adds
const FOLDED = 10; // values of a facet that are shown at once
const count = new Intl.NumberFormat("en").format;
/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "–");
/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

const page = {
  /** @type {Corpus} */ corpus: /** @type {any} */ (null),
  /** @type {any} */ matches: null,
  wanted: /** @type {any} */ (null),
  turn: 0,
  listed: 0,
  cursor: 0,
};

/** Return what an address wants. @param {string} hash */
function read(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const wanted = { words: asked.get("q") ?? "", chosen: new Map(), low: new Map(), high: new Map(), problem: asked.get("problem"), record: asked.get("record") };
  for (const name of [...page.corpus.meta.facets.map((facet) => facet.name), "failed"]) {
    if (asked.has(name)) wanted.chosen.set(name, new Set(asked.getAll(name)));
  }
  for (const { name } of page.corpus.meta.amounts) {
    const [low, high] = [asked.get(`min_${name}`), asked.get(`max_${name}`)];
    if (low && Number.isFinite(Number(low))) wanted.low.set(name, Number(low));
    if (high && Number.isFinite(Number(high))) wanted.high.set(name, Number(high));
  }
  return wanted;
}

/** Return the address of what is wanted, with changes. */
function address(changes = {}) {
  const wanted = { ...page.wanted, problem: null, record: null, ...changes };
  const said = new URLSearchParams();
  if (wanted.words) said.set("q", wanted.words);
  for (const [name, values] of wanted.chosen) for (const value of values) said.append(name, value);
  for (const [name, bound] of wanted.low) said.set(`min_${name}`, bound);
  for (const [name, bound] of wanted.high) said.set(`max_${name}`, bound);
  if (wanted.problem) said.set("problem", wanted.problem);
  if (wanted.record) said.set("record", wanted.record);
  return `#${said}`;
}

/** Go to an address; one that only narrows the search replaces the last. */
function go(changes, replace = false) {
  const to = address(changes);
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  show();
}

/** Show what the address wants. */
async function show() {
  page.turn += 1;
  const turn = page.turn;
  page.wanted = read(location.hash);
  try {
    const matches = await page.corpus.matches(page.wanted);
    if (turn !== page.turn) return;
    page.matches = matches;
    drawFacets();
    const named = page.wanted.problem ?? page.wanted.record?.split("/").slice(0, -2).join("/");
    if (named) await drawProblem(named, turn);
    else await drawResults(turn);
  } catch (error) {
    if (turn === page.turn) element("status").textContent = error instanceof Error ? error.message : String(error);
  }
  if (turn === page.turn) requestAnimationFrame(() => setTimeout(() => performance.mark("shown"))); // after it is painted
}

/** Draw the problems that match, the first screenful of them. @param {number} turn */
async function drawResults(turn) {
  const { meta } = page.corpus;
  const found = page.matches ?? meta;
  reading(false);
  element("status").replaceChildren(...make("p", {}, make("strong", {}, count(found.records)), found.records === 1 ? " record of " : " records of ",
    make("strong", {}, count(found.problems)), found.problems === 1 ? " problem" : " problems", `, ${share(found.verified, found.records)} verified`,
    page.matches ? " " : null, page.matches ? button("Clear", () => go({ words: "", chosen: new Map(), low: new Map(), high: new Map() })) : null).childNodes);
  page.listed = page.cursor = 0;
  const list = make("div");
  await drawMore(list, turn);
  if (turn === page.turn) element("results").replaceChildren(list);
}

/** @param {string} text @param {() => void} pressed */
function button(text, pressed, disabled = false) {
  const made = make("button", { type: "button", disabled: disabled ? "" : null }, text);
  made.addEventListener("click", pressed);
  return made;
}

/** Add a screenful to the list. @param {HTMLElement} list @param {number} turn */
async function drawMore(list, turn) {
  const { corpus, matches } = page;
  const total = (matches ?? corpus.meta).problems;
  /** @type {number[]} */
  const chosen = [];
  while (chosen.length < SHOWN && page.listed + chosen.length < total) {
    if (matches) while (matches.kept[page.cursor]) page.cursor += 1;
    const problem = matches ? corpus.problemOf[page.cursor] : page.listed + chosen.length;
    chosen.push(problem);
    if (matches) page.cursor = corpus.first[problem + 1];
  }
  const hits = await Promise.all(chosen.map((problem) => hit(problem)));
  if (turn !== page.turn) return;
  page.listed += chosen.length;
  list.querySelector(".more")?.remove();
  list.append(...hits);
  if (page.listed < total) list.append(make("p", { class: "more" }, button(`Show more of ${count(total - page.listed)}`, () => drawMore(list, page.turn))));
}

/** Return a problem as an entry of the list. @param {number} problem */
async function hit(problem) {
  const { corpus, matches } = page;
  const { titles } = corpus.meta;
  const [name, text, records] = (await thoughtmill.json(`titles/${Math.floor(problem / titles)}`))[problem % titles];
  const first = matches ? corpus.first[problem] : 0;
  const chips = records.map(([thought, outcome, verified], place) => make("span", {
    class: `chip ${verified === "true" ? "good" : "wrong"} ${matches && matches.kept[first + place] ? "out" : ""}` }, `${thought}: ${outcome}`));
  return make("a", { class: "card hit", href: address({ problem: name }) }, make("span", { class: "name" }, name), make("p", {}, text), make("span", { class: "chips" }, chips));
}

/** Show a problem in place of the list. @param {string} name @param {number} turn */
async function drawProblem(name, turn) {
  const { corpus } = page;
  const { pages, facets, checks } = corpus.meta;
  const at = placeOf(pages.map(([, id]) => id), name);
  const held = at < 0 ? [] : await thoughtmill.json(`problems/${at}`);
  const place = held.findIndex((/** @type {any} */ problem) => problem.problem_id === name);
  if (place < 0) throw new Error(`There is no problem ${name} in this corpus.`);
  const number = pages[at][0] + place;
  await corpus.layout();
  const row = corpus.first[number];
  const labels = Object.fromEntries(await Promise.all(facets.filter(({ of }) => of === "problems").map(async (facet) =>
    [facet.name, facet.values[(await corpus.column(facet.name))[row]].label])));
  const meanings = new Map(facets.filter(({ name }) => name === "outcome" || name === "fate").flatMap((facet) => facet.values.map((value) => [value.value, value.meaning])));
  const family = await familyElement(number, held[place]);
  if (turn !== page.turn) return;
  const view = {
    split: labels.split, agreement: labels.agreement, record: page.wanted.record, checks, family,
    meaning: (/** @type {string} */ word) => meanings.get(word) ?? "",
    linkTo: (/** @type {string} */ record) => address({ record }),
  };
  const turns = make("div", { class: "turns" }, button("← All that match", () => go({})),
    ...[["Previous", -1], ["Next", 1]].map(([text, step]) => neighbour(String(text), number, Number(step))));
  element("problem").replaceChildren(turns, ...problemElements(held[place], view));
  reading(true);
  element("status").textContent = "";
  const aimed = [...element("problem").querySelectorAll("[data-record]")].find((each) => each.dataset.record === page.wanted.record);
  (aimed ?? element("problem-title")).focus({ preventScroll: Boolean(!aimed) });
  if (aimed) aimed.scrollIntoView({ block: "center" });
  else window.scrollTo(0, 0);
}

/** Return a button to the next problem that matches, in either direction. */
function neighbour(text, number, step) {
  const { corpus, matches } = page;
  let to = number + step;
  const fits = (/** @type {number} */ problem) => !matches || matches.kept.subarray(corpus.first[problem], corpus.first[problem + 1]).includes(0);
  while (to >= 0 && to < corpus.meta.problems && !fits(to)) to += step;
  const there = to >= 0 && to < corpus.meta.problems;
  return button(text, async () => go({ problem: await nameOf(to) }, true), !there);
}

/** @param {number} problem */
async function nameOf(problem) {
  const { titles } = page.corpus.meta;
  return (await thoughtmill.json(`titles/${Math.floor(problem / titles)}`))[problem % titles][0];
}

/** Return the line of parents and the children of a problem, or null. @param {number} number @param {any} problem */
async function familyElement(number, problem) {
  const parents = await page.corpus.read("parents");
  const line = [];
  for (let at = parents[number]; at >= 0 && !line.includes(at); at = parents[at]) line.unshift(at);
  const children = [];
  for (let at = parents.indexOf(number); at >= 0 && children.length < 200; at = parents.indexOf(number, at + 1)) children.push(at);
  const link = async (/** @type {number} */ at) => { const name = await nameOf(at); return make("li", {}, make("a", { href: address({ problem: name }) }, name)); };
  const parts = [];
  if (line.length) parts.push("It descends from", make("ul", {}, await Promise.all(line.map(link))));
  else if (problem.parent_id) parts.push(`It was made from ${problem.parent_id}, which is not in this corpus.`);
  if (children.length) parts.push(`Made from it: ${count(children.length)}`, make("ul", {}, await Promise.all(children.map(link))));
  return parts.length ? make("section", { class: "family", "aria-label": "Family" }, parts) : null;
}

/** Show the problem or the list. @param {boolean} problem */
function reading(problem) {
  element("problem").hidden = !problem;
  element("results").hidden = problem;
  document.querySelector(".explorer")?.classList.toggle("reading", problem);
}

/** Draw the filters with the counts of what matches. */
function drawFacets() {
  const { meta } = page.corpus;
  const found = page.matches;
  const blocks = meta.facets.map((facet, place) => (facet.values.length > 1 || page.wanted.chosen.has(facet.name)
    ? facetElement(facet.name, facet.title, facet.values, found?.counts[place]) : "")).filter(Boolean);
  const failed = meta.checks.map((check, place) => ({ ...check, label: check.value, place })).filter(({ records }) => records);
  const counts = found && { records: failed.map(({ place }) => found.ofChecks.records[place]), verified: failed.map(({ place }) => found.ofChecks.verified[place]) };
  if (failed.length) blocks.push(facetElement("failed", "Failed check", failed, counts));
  blocks.push(...meta.amounts.map(amountElement));
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : null;
  const open = new Set([...document.querySelectorAll("#facets details[open]")].map((each) => /** @type {HTMLElement} */ (each).dataset.of));
  element("facets").replaceChildren(...blocks);
  for (const each of document.querySelectorAll("#facets details")) if (open.has(/** @type {HTMLElement} */ (each).dataset.of)) each.setAttribute("open", "");
  const again = [...document.querySelectorAll("[data-key]")].find((each) => focused && /** @type {HTMLElement} */ (each).dataset.key === focused);
  if (again instanceof HTMLElement) again.focus();
  const chosen = page.wanted.chosen.size + page.wanted.low.size + page.wanted.high.size;
  element("chosen").textContent = chosen ? `(${chosen} chosen)` : "";
  if (document.activeElement !== element("words")) element("words").value = page.wanted.words;
}

/** Return a column's values to choose from, each with how many records have it and the part that is verified. */
function facetElement(name, title, values, counts) {
  const most = Math.max(1, ...values.map((value, place) => (counts ? counts.records[place] : value.records)));
  const shown = values.map((value, place) => {
    const records = counts ? counts.records[place] : value.records;
    const verified = counts ? counts.verified[place] : value.verified;
    const box = make("input", { type: "checkbox", "data-key": `${name}=${value.label}`, checked: page.wanted.chosen.get(name)?.has(value.label) ? "" : null });
    box.addEventListener("change", () => choose(name, value.label, /** @type {HTMLInputElement} */ (box).checked));
    const [good, wrong] = [make("i"), make("i")];
    good.style.width = `${(100 * verified) / most}%`;
    wrong.style.width = `${(100 * (records - verified)) / most}%`;
    return make("label", { class: `value ${records ? "" : "nothing"}`, title: value.meaning ? `${value.label}: ${value.meaning}` : null },
      box, make("span", { class: "name" }, value.label), make("span", { class: "count", title: `${share(verified, records)} verified` }, count(records)),
      make("span", { class: "bar", "aria-hidden": "true" }, good, wrong),
      name === "failed" || page.wanted.chosen.get(name)?.has(value.label) ? make("small", {}, value.meaning) : null);
  });
  const rest = shown.slice(FOLDED);
  return make("fieldset", {}, make("legend", {}, title), make("div", {}, shown.slice(0, FOLDED)),
    rest.length ? make("details", { class: "rest", "data-of": name }, make("summary", {}, `${rest.length} more`), rest) : null);
}

/** @param {string} name @param {string} label @param {boolean} on */
function choose(name, label, on) {
  const chosen = new Map([...page.wanted.chosen].map(([each, values]) => [each, new Set(values)]));
  const values = chosen.get(name) ?? new Set();
  if (on) values.add(label);
  else values.delete(label);
  if (values.size) chosen.set(name, values);
  else chosen.delete(name);
  go({ chosen });
}

/** Return the bounds of a column of numbers to fill in. @param {any} amount */
function amountElement(amount) {
  const bounds = [["low", "from", amount.low], ["high", "to", amount.high]].map(([bound, text, limit]) => {
    const input = make("input", { type: "number", step: "any", placeholder: Number(Number(limit).toPrecision(4)), value: page.wanted[bound].get(amount.name) ?? null, "data-key": `${bound}=${amount.name}` });
    input.addEventListener("change", () => {
      const next = new Map(page.wanted[bound]);
      const { value } = /** @type {HTMLInputElement} */ (input);
      if (value === "") next.delete(amount.name);
      else next.set(amount.name, Number(value));
      go({ [bound]: next });
    });
    return make("label", {}, text, input);
  });
  return make("fieldset", {}, make("legend", {}, amount.title === amount.unit ? amount.title : `${amount.title} (${amount.unit})`), make("div", { class: "range" }, bounds));
}

/** Open the page. */
async function open() {
  const meta = await thoughtmill.json("meta");
  page.corpus = new Corpus(meta);
  element("origin").replaceChildren("Data version ", make("code", {}, shortened(meta.data_version)), `: ${count(meta.problems)} problems, ${count(meta.records)} records. `, make("a", { href: "index.html" }, "The report"));
  element("filters").open = matchMedia("(min-width: 56.01rem)").matches;
  let later = 0;
  element("words").addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => go({ words: element("words").value }, true), 150);
  });
  element("search").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing) { event.preventDefault(); element("words").focus(); }
    if (event.key === "Escape" && !typing && !element("problem").hidden) go({});
  });
  window.addEventListener("popstate", show);
  await show();
  const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 200));
  idle(() => page.corpus.counted().then(() => { document.body.dataset.ready = "true"; }));
}

open().catch((error) => { element("status").textContent = error instanceof Error ? error.message : String(error); });

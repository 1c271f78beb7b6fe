"use strict";
/**
 * Show a problem: its thoughts side by side, its family, and where each record comes from.
 *
 * Whatever a problem set or a teacher wrote is put into the page as text, never as markup.
 */

const STATES = ["wrong", "good", "none"];
const MARKS = ["✗", "✓", "–"];

/** Return an element with attributes and children; texts become text. @param {string} tag @param {Object<string, any>} attributes */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : printable(String(child)));
  }
  return element;
}

/** Return a text with a visible mark in place of each control character. @param {string} text */
function printable(text) {
  return text.replace(/[\0-\x08\x0b\x0e-\x1f\x7f-\x9f]/g, "\ufffd");
}

/** @param {string} text */
const shortened = (text, length = 12) => text.slice(0, length);

/** Return a list of terms and what they are, without those that are missing. @param {string} kind @param {Array<[string, any]>} pairs */
function terms(kind, pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make("dl", { class: kind }, known.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}

/** Return a problem with all its records. @param {any} problem @param {any} view */
function problemElements(problem, view) {
  const head = make("div", { class: "head" },
    make("h2", { tabindex: -1, id: "problem-title" }, problem.problem_id),
    make("p", { class: "problem" }, problem.problem),
    terms("facts", [
      ["Gold answer", problem.answer ?? "unknown"],
      ["Kind of answer", problem.answer_kind],
      ["Source", problem.source],
      ["Split", view.split],
      ["Subject", problem.subject],
      ["Level", problem.level],
      ["Growth", problem.growth],
      ["Licence", problem.license],
      ["Thoughts", view.agreement],
    ]),
    problem.doubt ? make("p", { class: "doubt" }, `The gold answer may be wrong: ${problem.doubt}.`) : null,
    problem.solution ? folded("The set's own solution", make("pre", { tabindex: 0 }, problem.solution)) : null,
    view.family);
  const records = problem.records.map((record) => recordElement(record, view));
  return [head, records.length ? make("div", { class: "thoughts" }, records) : make("p", { class: "note" }, "No thought was asked for.")];
}

/** @param {string} summary */
function folded(summary, ...children) {
  return make("details", {}, make("summary", {}, summary), children);
}

/** @param {any} record @param {any} view */
function recordElement(record, view) {
  const good = record.kept || record.drop_reason === "held_out";
  const word = record.failure ?? (record.kept ? record.outcome : record.drop_reason);
  const aimed = view.record === record.record_id;
  return make("article", { class: `card sample ${good ? "" : "rejected"} ${aimed ? "aimed" : ""}`, "data-record": record.record_id, tabindex: -1 },
    make("header", {},
      make("h3", {}, make("span", { class: "thought" }, record.thought), record.sample ? ` · sample ${record.sample}` : null),
      make("p", { class: "verdict" }, make("strong", {}, `${good ? "✓" : "✗"} ${word}`), " ", view.meaning(word), " ",
        make("a", { href: view.linkTo(record.record_id) }, "link"))),
    rationaleElement(record),
    terms("answers", [["Predicted answer", record.predicted_answer ?? "none"], ["Outcome", record.outcome]]),
    checksElement(record, view.checks),
    record.rationale !== true && record.rationale !== undefined && record.completion !== undefined
      ? folded("Completion as it came", make("pre", { tabindex: 0 }, record.completion)) : null,
    record.reasoning !== undefined ? folded("Reasoning as it came", make("pre", { tabindex: 0 }, record.reasoning)) : null,
    folded("Where it comes from", originElement(record)));
}

/** Return the lines of a rationale with the values beside them. @param {any} record */
function rationaleElement(record) {
  const text = record.rationale === true ? record.completion : record.rationale;
  if (text === undefined) {
    if (record.completion === undefined) return make("p", { class: "note" }, "There is no completion.");
    return make("div", {}, make("p", { class: "note" }, "No rationale can be read; the completion as the teacher returned it:"),
      make("pre", { tabindex: 0 }, record.completion));
  }
  const lines = text.split("\n").map((line) => make("li", {}, line));
  for (const [at, worth, right] of record.notes) {
    const state = right === null ? "" : right ? "right" : "wrong";
    const line = lines[at];
    if (!line) continue;
    if (state && !line.classList.contains("wrong")) line.className = state;
    line.append(make("span", { class: `worth ${state}` }, right === null ? `→ ${worth}` : `${right ? "✓" : "✗"} ${worth}`));
  }
  return make("ol", { class: "lines", tabindex: 0, "aria-label": `Rationale of ${record.thought}` }, lines);
}

/** Return the checks: those that failed, and the rest folded. @param {any} record @param {any[]} checks */
function checksElement(record, checks) {
  const shown = (/** @type {any[]} */ found) => make("ul", { class: "found" }, found.map(([place, state, detail]) =>
    make("li", {}, make("strong", { class: STATES[state] }, `${MARKS[state]} ${checks[place].value}`),
      detail ? `: ${detail}` : null, checks[place].meaning ? make("small", {}, ` ${checks[place].meaning}`) : null)));
  const failed = record.checks.filter(([, state]) => state === 0);
  const others = record.checks.filter(([, state]) => state !== 0).sort((one, other) => one[1] - other[1]);
  const passed = others.filter(([, state]) => state === 1).length;
  return make("div", { class: "checks" }, failed.length ? shown(failed) : null,
    others.length ? folded(`Passed: ${passed}; not applicable: ${others.length - passed}`, shown(others)) : null);
}

/** @param {any} record */
function originElement(record) {
  const cost = record.cost_usd === undefined ? undefined : `${record.cost_usd} USD`;
  return terms("origin-of", [
    ["Record", record.record_id], ["Teacher", record.teacher], ["Model", record.model], ["Cost", cost],
    ["Prompt tokens", record.prompt_tokens], ["of them cached", record.cached_tokens], ["Tokens", record.completion_tokens],
    ["of them reasoning", record.reasoning_tokens], ["Seconds", record.latency_s], ["Finish reason", record.finish_reason],
    ["Detail", record.detail], ["Kind of answer", record.predicted_kind], ["Fence", record.fence],
    ["Completion", record.completion_id], ["Prompt", record.prompt_sha], ["Request", record.request_key],
  ]);
}

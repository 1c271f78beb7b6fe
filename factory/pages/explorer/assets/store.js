"use strict";
/**
 * Bring the files of the explorer to the page.
 *
 * A page on `file://` may load scripts and nothing else, so every file is a script that calls
 * `thoughtmill.arrived` with its name and its bytes, compressed and in base64.
 */

/** How many pages of titles or texts are kept. */
const KEPT_PAGES = 60;

const thoughtmill = (() => {
  /** @type {Map<string, Promise<Uint8Array>>} */
  const asked = new Map();
  /** @type {Map<string, (base64: string) => void>} */
  const waiting = new Map();

  /** @param {string} name @param {string} base64 */
  function arrived(name, base64) {
    const resolve = waiting.get(name);
    waiting.delete(name);
    if (resolve) resolve(base64);
  }

  /** Return the bytes of a file; it is loaded once. @param {string} name @returns {Promise<Uint8Array>} */
  function load(name) {
    let promise = asked.get(name);
    if (!promise) {
      promise = fetched(name).then(unpacked);
      promise.catch(() => asked.delete(name));
      asked.set(name, promise);
    }
    return promise;
  }

  /** @param {string} name @returns {Promise<string>} */
  function fetched(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const gone = () => {
        script.remove();
        if (waiting.delete(name)) reject(new Error(`explore/${name}.js is missing or torn: build the report again, or look with \`thoughtmill report --serve\``));
      };
      waiting.set(name, resolve);
      script.onload = script.onerror = gone;
      script.src = `explore/${name.split("/").map(encodeURIComponent).join("/")}.js`;
      document.head.append(script);
    });
  }

  /** @param {string} base64 @returns {Promise<Uint8Array>} */
  async function unpacked(base64) {
    const text = atob(base64);
    const packed = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) packed[at] = text.charCodeAt(at);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Return a file of JSON; the oldest pages are let go. @param {string} name @returns {Promise<any>} */
  const pages = new Map();
  async function json(name) {
    let page = pages.get(name);
    if (!page) {
      page = load(name).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
      page.finally(() => asked.delete(name)).catch(() => pages.delete(name));
      pages.set(name, page);
      if (pages.size > KEPT_PAGES) pages.delete(pages.keys().next().value);
    }
    return page;
  }

  return { arrived, load, json };
})();

/** Compare texts as the corpus sorts them, by code points. @param {string} one @param {string} other */
function compared(one, other) {
  const [left, right] = [[...one], [...other]];
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const gap = left[at].codePointAt(0) - right[at].codePointAt(0);
    if (gap) return gap;
  }
  return left.length - right.length;
}

/** Return the place of the last of the sorted texts that is not after a text, or -1. @param {string[]} sorted @param {string} text */
function placeOf(sorted, text) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compared(sorted[middle], text) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

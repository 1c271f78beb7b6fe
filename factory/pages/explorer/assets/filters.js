"use strict";
/**
 * Find records: columns as arrays, words as lists of numbers, and one pass that counts everything.
 *
 * A row is a record, or stands for a problem without any. Rows of a problem follow each other.
 */

/**
 * @typedef {{name: string, title: string, of: string, width: number, values: Array<any>}} Facet
 * @typedef {{problems: number, records: number, verified: number, facets: Facet[], amounts: any[], checks: any[],
 *   titles: number, pages: Array<[number, string]>, words: string[] | null, longest_word: number}} Meta
 * @typedef {{words: string, chosen: Map<string, Set<string>>, low: Map<string, number>, high: Map<string, number>}} Wanted
 */

class Corpus {
  /** @param {Meta} meta */
  constructor(meta) {
    this.meta = meta;
    /** @type {Map<string, Promise<any>>} */
    this.columns = new Map();
    this.rows = 0;
    this.records = new Uint32Array(0); // how many a problem has
    this.first = new Uint32Array(0); // the first row of each problem, and the end
    this.problemOf = new Uint32Array(0); // the problem of each row
    this.checkPlaces = new Map(meta.checks.map((check, place) => [check.value, place]));
  }

  /** Load how many records each problem has; everything else is laid out by it. */
  async layout() {
    if (this.first.length) return;
    const records = new Uint32Array((await thoughtmill.load("columns/records")).buffer);
    const first = new Uint32Array(records.length + 1);
    for (let at = 0; at < records.length; at += 1) first[at + 1] = first[at] + Math.max(1, records[at]);
    const problemOf = new Uint32Array(first[records.length]);
    for (let at = 0; at < records.length; at += 1) problemOf.fill(at, first[at], first[at + 1]);
    [this.rows, this.records, this.problemOf, this.first] = [problemOf.length, records, problemOf, first];
  }

  /** Return a column with a value for each row. @param {string} name */
  column(name) {
    if (!this.columns.has(name)) this.columns.set(name, this.read(name));
    return this.columns.get(name);
  }

  /** @param {string} name */
  async read(name) {
    await this.layout();
    const facet = this.meta.facets.find((each) => each.name === name);
    if (facet && facet.values.length < 2) return new Uint8Array(this.rows); // all have the same, which has no file
    const { buffer } = await thoughtmill.load(`columns/${name}`);
    if (name === "parents") return new Int32Array(buffer);
    if (name === "verified") return new Uint8Array(buffer);
    if (name.startsWith("failed-")) return new Uint32Array(buffer);
    if (!facet) return new Float32Array(buffer);
    const codes = facet.width === 1 ? new Uint8Array(buffer) : new Uint16Array(buffer);
    if (facet.of === "records") return codes;
    const spread = facet.width === 1 ? new Uint8Array(this.rows) : new Uint16Array(this.rows);
    for (let at = 0; at < codes.length; at += 1) spread.fill(codes[at], this.first[at], this.first[at + 1]);
    return spread;
  }

  /** Load every column that counting needs. */
  async counted() {
    await this.layout();
    const groups = Math.ceil(this.meta.checks.length / 32);
    const [verified, codes, failed] = await Promise.all([
      this.column("verified"),
      Promise.all(this.meta.facets.map((facet) => this.column(facet.name))),
      Promise.all(Array.from({ length: groups }, (_, group) => this.column(`failed-${group}`))),
    ]);
    return { verified, codes, failed };
  }

  /** Return the matches of what is wanted, or null if that is everything. @param {Wanted} wanted */
  async matches(wanted) {
    const words = wordsOf(wanted.words, this.meta.longest_word);
    const amounts = this.meta.amounts.filter(({ name }) => wanted.low.has(name) || wanted.high.has(name));
    if (!words.length && !wanted.chosen.size && !amounts.length) return null;
    const { verified, codes, failed } = await this.counted();
    const fails = new Uint8Array(this.rows); // how many filters a row fails; only 0 and 1 are told apart below
    const which = new Uint8Array(this.rows); // a facet that it fails
    await this.wordless(words, fails);
    for (const { name } of amounts) {
      const numbers = await this.column(name); // of 32 bits, to which the bounds are rounded like them
      const [low, high] = [Math.fround(wanted.low.get(name) ?? -Infinity), Math.fround(wanted.high.get(name) ?? Infinity)];
      for (let row = 0; row < this.rows; row += 1) if (!(numbers[row] >= low && numbers[row] <= high)) fails[row] = 2;
    }
    this.meta.facets.forEach((facet, place) => {
      const chosen = wanted.chosen.get(facet.name);
      if (chosen) refuse(codes[place], Uint8Array.from(facet.values, ({ label }) => Number(chosen.has(label))), place, fails, which);
    });
    const checks = wanted.chosen.get("failed");
    if (checks) this.refusePassed(checks, failed, fails, which);
    return this.tally(fails, which, verified, codes, failed);
  }

  /** Refuse the rows that lack a word. @param {string[]} words @param {Uint8Array} fails */
  async wordless(words, fails) {
    if (!words.length) return;
    const hits = new Uint8Array(this.rows);
    for (const [turn, word] of words.entries()) {
      for (const { problems, records } of await this.postings(word)) {
        for (const problem of problems) {
          for (let row = this.first[problem]; row < this.first[problem + 1]; row += 1) if (hits[row] === turn) hits[row] = turn + 1;
        }
        for (const row of records) if (hits[row] === turn) hits[row] = turn + 1;
      }
    }
    for (let row = 0; row < this.rows; row += 1) if (hits[row] !== words.length) fails[row] = 2;
  }

  /** Return where a word is, or all words that begin so where it ends in `*`. @param {string} word */
  async postings(word) {
    const begun = word.endsWith("*");
    const text = begun ? word.slice(0, -1) : word;
    if (!this.meta.words) return readPostings(await thoughtmill.load(`words/${word}`), () => true);
    const last = begun ? placeOf(this.meta.words, `${text}\u{10ffff}`) : placeOf(this.meta.words, text);
    const chunks = [];
    for (let chunk = Math.max(0, placeOf(this.meta.words, text)); chunk <= last; chunk += 1) chunks.push(thoughtmill.load(`words/${chunk}`));
    const fits = begun ? (/** @type {string} */ each) => each.startsWith(text) : (/** @type {string} */ each) => each === text;
    return (await Promise.all(chunks)).flatMap((bytes) => readPostings(bytes, fits));
  }

  /** @param {Set<string>} checks @param {Uint32Array[]} failed @param {Uint8Array} fails @param {Uint8Array} which */
  refusePassed(checks, failed, fails, which) {
    const masks = failed.map(() => 0);
    for (const check of checks) {
      const place = this.checkPlaces.get(check);
      if (place !== undefined) masks[place >> 5] |= 1 << (place & 31);
    }
    for (let row = 0; row < this.rows; row += 1) {
      if (!failed.some((bits, group) => bits[row] & masks[group])) {
        fails[row] += fails[row] < 2 ? 1 : 0;
        which[row] = this.meta.facets.length;
      }
    }
  }

  /** Count the rows that nothing refuses; a facet also counts those that it alone refuses. */
  tally(fails, which, verified, codes, failed) {
    const { facets, checks } = this.meta;
    const counts = facets.map((facet) => ({ records: new Uint32Array(facet.values.length), verified: new Uint32Array(facet.values.length) }));
    const ofChecks = { records: new Uint32Array(checks.length), verified: new Uint32Array(checks.length) };
    const found = { records: 0, verified: 0, problems: 0, kept: fails, counts, ofChecks };
    const add = (count, code, good) => { count.records[code] += 1; count.verified[code] += good; };
    const addChecks = (row, good) => {
      for (let group = 0; group < failed.length; group += 1) {
        for (let bits = failed[group][row]; bits; bits &= bits - 1) add(ofChecks, group * 32 + 31 - Math.clz32(bits & -bits), good);
      }
    };
    const matched = new Uint32Array(this.rows); // the records that nothing refuses
    let problem = -1;
    for (let row = 0; row < this.rows; row += 1) {
      if (fails[row] > 1) continue;
      if (!fails[row] && this.problemOf[row] !== problem) { problem = this.problemOf[row]; found.problems += 1; }
      if (!this.records[this.problemOf[row]]) continue;
      if (!fails[row]) {
        matched[found.records] = row;
        found.records += 1;
        found.verified += verified[row];
      } else if (which[row] === facets.length) addChecks(row, verified[row]);
      else add(counts[which[row]], codes[which[row]][row], verified[row]);
    }
    for (let place = 0; place < codes.length; place += 1) countOf(counts[place], codes[place], matched.subarray(0, found.records), verified);
    for (let at = 0; at < found.records; at += 1) addChecks(matched[at], verified[matched[at]]);
    return found;
  }
}

/** Add up a column over rows. @param {{records: Uint32Array, verified: Uint32Array}} count */
function countOf(count, codes, rows, verified) {
  const [records, good] = [count.records, count.verified];
  for (let at = 0; at < rows.length; at += 1) {
    const code = codes[rows[at]];
    records[code] += 1;
    good[code] += verified[rows[at]];
  }
}

/** Refuse the rows whose code is not chosen. */
function refuse(codes, chosen, place, fails, which) {
  for (let row = 0; row < codes.length; row += 1) {
    if (!chosen[codes[row]]) {
      fails[row] += fails[row] < 2 ? 1 : 0;
      which[row] = place;
    }
  }
}

/** Return the words of a text, as the index has them. @param {string} text @param {number} longest */
function wordsOf(text, longest) {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]+\*?/gu) ?? [];
  return [...new Set(found.flatMap((word) => {
    const letters = [...word.replace("*", "")];
    const parts = [];
    for (let at = 0; at < letters.length; at += longest) parts.push(letters.slice(at, at + longest).join(""));
    if (word.endsWith("*")) parts.push(`${parts.pop()}*`);
    return parts;
  }))];
}

/** Return the postings of the words that fit. @param {Uint8Array} bytes @param {(word: string) => boolean} fits */
function readPostings(bytes, fits) {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const heading = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const found = [];
  let at = 4 + length;
  for (const [word, problems, records] of heading) {
    if (fits(word)) found.push({ problems: readGaps(bytes, at, at + problems), records: readGaps(bytes, at + problems, at + problems + records) });
    at += problems + records;
  }
  return found;
}

/** Return ascending numbers from their differences, seven bits a byte. @param {Uint8Array} bytes @param {number} at @param {number} end */
function readGaps(bytes, at, end) {
  const numbers = new Uint32Array(end - at);
  let [length, number, part, shift] = [0, 0, 0, 0];
  for (; at < end; at += 1) {
    part |= (bytes[at] & 127) << shift;
    shift += 7;
    if (bytes[at] < 128) {
      number += part;
      numbers[length] = number;
      length += 1;
      part = 0;
      shift = 0;
    }
  }
  return numbers.subarray(0, length);
}

/* The interactive page: what counts, what is shown, and how it is drawn.

   The data comes from explorer.py. Votes, labels and how easily a label would be another are defined
   in synthesis.py, which claims count in selection.py, sentences in prose.py; what is computed here
   is held against those by tests/test_explore.py. Fractions are pairs of whole numbers, so that a
   threshold is compared exactly. Text reaches the page through Preact as text, never as HTML. */
"use strict";
(() => {
  const { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } = window.htmPreact;
  const place = document.getElementById("explorer");
  const DATA = JSON.parse(document.getElementById("explorer-data").textContent);

  const { words: WORDS, authors: AUTHORS, propositions: PROPOSITIONS, claims: CLAIMS } = DATA;
  const SIDES = WORDS.sides.map(([side]) => side);
  const SIDE_WORDS = Object.fromEntries(WORDS.sides.map(([side, , words]) => [side, words]));
  const SIDE_SYMBOLS = Object.fromEntries(WORDS.sides.map(([side, symbol]) => [side, symbol]));
  const STANCES = WORDS.stances.map(([stance]) => stance);
  const PHASES = WORDS.phases.map(([phase]) => phase);
  const LABELS = WORDS.labels.map(([label]) => label);
  const CELLS = WORDS.cells.map(([cell]) => cell);
  const WEAKEST = WORDS.levels.length;
  CLAIMS.forEach((claim, at) => Object.assign(claim, { at }));
  const CLAIMS_OF = PROPOSITIONS.map((_, number) => CLAIMS.filter((claim) => claim.of === number));

  // What a reader can choose, with what it is by default. The names are those of the address.
  const DEFAULTS = {
    q: "", topic: "all", author: "all", stance: "all", level: "all", phase: "all", cell: "all",
    harm: "", changed: "", sort: "topic",
    threshold: DATA.threshold, without: "", counted: "all", weakest: String(WEAKEST),
    open: "", by: "",
  };
  const FILTERS = ["q", "topic", "author", "stance", "level", "phase", "cell", "harm", "changed"];
  // These decide what counts; all others only what is shown of it.
  const COUNTING = ["threshold", "without", "counted", "weakest"];
  const SORTS = {
    topic: "Topic", label: "What the votes amount to", cell: "Page and literature",
    votes: "Most authors first", statement: "A to Z",
  };

  // ---- exact fractions ----

  /** A fraction in lowest terms. */
  function fraction(numerator, denominator) {
    let [a, b] = [numerator, denominator];
    while (b) [a, b] = [b, a % b];
    return [numerator / a, denominator / a];
  }

  /** Whether the first fraction is as large as the second, or larger. */
  const atLeast = ([a, b], [c, d]) => a * d >= c * b;

  /** Whether the first fraction is larger than the second. */
  const above = (one, other) => !atLeast(other, one);

  /** The threshold that a text such as `0.6` or `2/3` means; null where it is not in (0.5, 1]. */
  function thresholdOf(text) {
    const decimal = /^\s*(\d?)[.,]?(\d{0,6})\s*$/.exec(text);
    const ratio = /^\s*(\d{1,4})\s*\/\s*(\d{1,4})\s*$/.exec(text);
    let value = null;
    if (ratio && Number(ratio[2])) value = fraction(Number(ratio[1]), Number(ratio[2]));
    else if (decimal && decimal[1] + decimal[2]) {
      value = fraction(Number(decimal[1] + decimal[2]), 10 ** decimal[2].length);
    }
    return value && above(value, [1, 2]) && atLeast([1, 1], value) ? value : null;
  }

  /** A fraction as a decimal number where that has an end, else as `4/7`. */
  function asDecimal([numerator, denominator]) {
    if (1000000 % denominator) return `${numerator}/${denominator}`;
    return (numerator / denominator).toFixed(6).replace(/0+$/, "").replace(/\.$/, "");
  }

  // ---- votes and labels ----

  /** Which claims count: by author, by phase (with those said of all, or of nobody), by level. */
  function admits(settings) {
    const without = new Set(settings.without.split(",").filter(Boolean));
    const weakest = Number(settings.weakest);
    return (claim) =>
      !without.has(AUTHORS[claim.by].id) &&
      claim.level <= weakest &&
      (settings.counted === "all" ||
        [settings.counted, "any", "unstated"].includes(PHASES[claim.phase]));
  }

  /** The vote of one author on one proposition, from the claims on it; null without a side. */
  function voteOf(claims) {
    const sided = claims.filter((claim) => STANCES[claim.stance] !== "unclear");
    if (!sided.length) return null;
    const reachOf = (stance) =>
      sided.reduce(
        (bits, claim) =>
          !stance || STANCES[claim.stance] === stance ? bits | WORDS.phases[claim.phase][2] : bits,
        0,
      );
    const [supports, opposes] = [reachOf("supports"), reachOf("opposes")];
    const bound = sided.some((claim) => STANCES[claim.stance] === "conditional");
    let side = "conditional";
    if (supports & opposes) side = "divided";
    else if (supports && !opposes && !bound) side = "for";
    else if (opposes && !supports && !bound) side = "against";
    const level = Math.min(...sided.map((claim) => claim.level));
    return { side, level, reach: reachOf("") };
  }

  /** The votes of these claims, by the place of the author; null for one who takes no side. */
  function votesOf(claims) {
    const votes = new Map();
    AUTHORS.forEach((_, by) => {
      const own = claims.filter((claim) => claim.by === by);
      if (own.length) votes.set(by, voteOf(own));
    });
    return votes;
  }

  /** How many votes there are on each side. */
  function countsOf(votes) {
    const counts = Object.fromEntries(SIDES.map((side) => [side, 0]));
    for (const vote of votes.values()) if (vote) counts[vote.side] += 1;
    return counts;
  }

  const totalOf = (counts) => SIDES.reduce((sum, side) => sum + counts[side], 0);

  /** The share of the larger of the two sides in all votes; 0 where there is none. */
  function shareOf(counts) {
    const total = totalOf(counts);
    return total ? fraction(Math.max(counts.for, counts.against), total) : [0, 1];
  }

  /** The label of votes at a threshold, and the side that it speaks of. */
  function agreement(counts, threshold) {
    const [total, share] = [totalOf(counts), shareOf(counts)];
    if (!total) return ["unanswered", "none"];
    let side = "none";
    if (counts.for !== counts.against) side = counts.for > counts.against ? "for" : "against";
    const contested = Math.min(counts.for, counts.against) > 0 || counts.divided > 0;
    if (total === 1) return ["single voice", side];
    if (counts.conditional === total) return ["conditional only", "none"];
    if (total === 2 && atLeast(share, [1, 1])) return ["two voices", side];
    if (total >= 3 && atLeast(share, threshold)) return [contested ? "majority" : "agreed", side];
    if (side !== "none" && !contested) return ["qualified", side];
    return ["split", "none"];
  }

  /** A label with its side, as it is printed. */
  const labelWords = ([label, direction]) =>
    direction === "none" ? label : `${label}, ${direction}`;

  /** Counts with votes added to one side. */
  const plus = (counts, side, votes) => ({ ...counts, [side]: counts[side] + votes });

  /** What would change a label: an author less, a vote more; and between which thresholds it holds. */
  function fragility(counts, threshold) {
    const without = SIDES.filter((side) => counts[side]).map((side) => [
      side, agreement(plus(counts, side, -1), threshold),
    ]);
    const more = ["for", "against"].map((side) => [
      side, agreement(plus(counts, side, 1), threshold),
    ]);
    const share = shareOf(counts);
    let [low, high] = [[1, 2], [1, 1]];
    const moves = labelWords(agreement(counts, share)) !== labelWords(agreement(counts, high));
    if (above(share, low) && above(high, share) && moves) {
      [low, high] = atLeast(share, threshold) ? [low, share] : [share, high];
    }
    return { without, more, low, high };
  }

  /** The cell of page and literature that a label makes on a proposition, by its place. */
  function cellOf(proposition, [label, direction]) {
    const column = WORDS.directions.length * LABELS.indexOf(label);
    return DATA.crossings[proposition.kind][column + WORDS.directions.indexOf(direction)];
  }

  /** Whether those for and those against share no phase. */
  function phasesApart(votes) {
    const reach = { for: 0, against: 0 };
    for (const vote of votes.values()) if (vote && vote.side in reach) reach[vote.side] |= vote.reach;
    return Boolean(reach.for && reach.against && !(reach.for & reach.against));
  }

  /** All that one proposition comes to with these settings. */
  function resultOf(number, admitted, threshold) {
    const proposition = PROPOSITIONS[number];
    const claims = CLAIMS_OF[number].filter(admitted);
    const votes = votesOf(claims);
    const counts = countsOf(votes);
    const found = agreement(counts, threshold);
    const cell = cellOf(proposition, found);
    const levels = [...votes.values()].filter(Boolean).map((vote) => vote.level);
    return {
      number, proposition, claims, votes, counts, found, cell,
      total: totalOf(counts),
      label: labelWords(found),
      best: levels.length ? Math.min(...levels) : 0,
      apart: phasesApart(votes),
      moved: labelWords(found) !== proposition.label,
      shifted: cell !== proposition.cell,
      harmful: CLAIMS_OF[number].filter((claim) => claim.harms).length,
    };
  }

  /** What every proposition comes to with these settings, in their own order. */
  function computed(settings) {
    const [admitted, threshold] = [admits(settings), thresholdOf(settings.threshold)];
    return PROPOSITIONS.map((_, number) => resultOf(number, admitted, threshold));
  }

  // ---- words ----

  const number = (count) => WORDS.numbers[count] || count.toLocaleString("en");
  const counted = (count, one) => `${number(count)} ${one}${count === 1 ? "" : "s"}`;
  const inDigits = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
  const listed = (parts) =>
    parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;

  /** How many authors count with these settings. */
  const authorsCounted = (settings) =>
    AUTHORS.length - settings.without.split(",").filter(Boolean).length;

  /** Who takes which side on a proposition, of how many. */
  function votesSentence({ votes, total }, authors) {
    if (!total) return `None of ${counted(authors, "author")} takes a side.`;
    const parts = SIDES.map((side) => {
      const who = [...votes].filter(([, vote]) => vote && vote.side === side);
      const names = who.map(([by]) => AUTHORS[by].name);
      return who.length ? `${number(who.length)} ${SIDE_WORDS[side]} (${listed(names)})` : "";
    });
    const share = `${sentence(number(total))} of ${counted(authors, "author")}`;
    return `${share} ${total === 1 ? "takes" : "take"} a side: ${listed(parts.filter(Boolean))}.`;
  }

  /** The votes on a proposition by side, short. */
  function votesShort({ counts, total }, authors) {
    if (!total) return `none of ${authors} takes a side`;
    const short = { for: "for", conditional: "under a condition", against: "against", divided: "on both sides" };
    const taken = SIDES.filter((side) => counts[side]);
    const parts = taken.map((side) => (taken.length > 1 ? `${counts[side]} ${short[side]}` : short[side]));
    return `${total} of ${authors}: ${parts.join(", ")}`;
  }

  /** How easily a label would be another. */
  function fragilitySentence({ counts, total, label }, threshold) {
    if (!total) return "One vote would give it a label.";
    const { without, more, low, high } = fragility(counts, threshold);
    const parts = [
      ...without.map(([side, found]) => [`with one author fewer ${SIDE_WORDS[side]}`, found]),
      ...more.map(([side, found]) => [`with one more ${side} it`, found]),
    ]
      .filter(([, found]) => labelWords(found) !== label)
      .map(([what, found]) => `${what}: ${labelWords(found)}`);
    const moved = parts.length
      ? sentence(parts.join("; "))
      : "No single vote would change the label";
    if (asDecimal(low) === "0.5" && asDecimal(high) === "1") {
      return `${moved}. The label holds at every threshold.`;
    }
    return `${moved}. The label holds for thresholds above ${asDecimal(low)} up to ${asDecimal(high)}.`;
  }

  /** The strongest support that anybody shows for a proposition or against it. */
  function levelSentence(best) {
    const meaning = WORDS.levels[best - 1];
    if (!best) return "";
    if (best === WEAKEST) return `No author shows more for it than ${meaning} (level ${best}, the weakest).`;
    return `The strongest support shown is level ${best} of ${WEAKEST}: ${meaning}.`;
  }

  /** How often the page asks about a proposition without an answer. */
  function askedSentence(times) {
    if (!times) return "";
    const often = ["", "once", "twice"][times] || `${number(times)} times`;
    return `The page asks about it ${often}; whoever asks gives no answer.`;
  }

  /** Which claims count with these settings, and at what threshold labels are given. */
  function countingSentence(settings) {
    const admitted = CLAIMS.filter(admits(settings)).length;
    const parts = [`threshold ${settings.threshold}`];
    const left = AUTHORS.filter(({ id }) => settings.without.split(",").includes(id));
    if (left.length) parts.push(`without ${listed(left.map(({ name }) => name))}`);
    if (settings.counted !== "all") parts.push(`only what is said of ${phaseWords(settings.counted)}`);
    if (Number(settings.weakest) < WEAKEST) parts.push(`support of level ${settings.weakest} or stronger`);
    const authors = `${authorsCounted(settings)} of ${inDigits(AUTHORS.length, "author")}`;
    return `Counted: ${admitted} of ${inDigits(CLAIMS.length, "claim")}, ${authors}; ${parts.join("; ")}.`;
  }

  /** A phase with those who speak of all patients, or do not say of whom. */
  function phaseWords(phase) {
    const words = Object.fromEntries(WORDS.phases);
    const others = ["any", "unstated"].filter((other) => other !== phase);
    return [phase, ...others].map((name) => words[name]).join(" or ");
  }

  /** What these settings make other than the default, in a sentence. */
  function changesSentence(results) {
    const labels = results.filter(({ moved }) => moved).length;
    const cells = results.filter(({ shifted }) => shifted).length;
    const of = `of ${results.length}`;
    return (
      `Against the default (all authors, all claims, threshold ${DATA.threshold}), ` +
      `${labels} ${of} labels and ${cells} ${of} cells of page and literature differ.`
    );
  }

  // ---- settings and the address ----

  const isDefault = (settings, names) => names.every((name) => settings[name] === DEFAULTS[name]);
  const known = (values) => (value) => values.includes(value);
  const IDS = PROPOSITIONS.map(({ id }) => id);
  const AUTHOR_IDS = AUTHORS.map(({ id }) => id);
  const LEVELS = WORDS.levels.map((_, place) => String(place + 1));
  const ADMITTED = {
    q: () => true, topic: known(DATA.topics), author: known(AUTHOR_IDS), stance: known(STANCES),
    level: known(LEVELS), phase: known(PHASES), cell: known(CELLS), harm: known(["1"]),
    changed: known(["1"]), sort: known(Object.keys(SORTS)), threshold: (text) => thresholdOf(text),
    without: (text) => text.split(",").every((id) => AUTHOR_IDS.includes(id)),
    counted: known(PHASES), weakest: known(LEVELS), open: known(IDS), by: known(AUTHOR_IDS),
  };

  /** The settings that an address describes; what it names wrongly is as by default. */
  function fromAddress(hash) {
    const given = new URLSearchParams(hash.startsWith("#?") ? hash.slice(2) : "");
    const settings = { ...DEFAULTS };
    for (const [name, value] of given) {
      if (name in DEFAULTS && ADMITTED[name](value)) settings[name] = value;
    }
    settings.threshold = asDecimal(thresholdOf(settings.threshold));
    settings.without = AUTHOR_IDS.filter((id) => settings.without.split(",").includes(id)).join(",");
    return settings;
  }

  /** The address of settings: what is as by default is left out. */
  function toAddress(settings) {
    const changed = Object.entries(settings).filter(([name, value]) => value !== DEFAULTS[name]);
    return `#?${new URLSearchParams(changed)}`;
  }

  /** The settings, and what changes them and the address with them.

      Each change is a step that the back button undoes; typing in one field is one step. */
  function useSettings() {
    const [settings, show] = useState(() => fromAddress(location.hash));
    const kept = useRef({ settings, typing: "", timer: 0, written: location.hash });
    const write = (step) => {
      const now = kept.current;
      clearTimeout(now.timer);
      now.written = toAddress(now.settings);
      if (now.written === location.hash) return;
      if (step) location.hash = now.written;
      else location.replace(now.written);
    };
    const change = (changes, typing = "") => {
      const now = kept.current;
      const goesOn = typing && typing === now.typing;
      now.settings = { ...now.settings, ...changes };
      now.typing = typing;
      clearTimeout(now.timer);
      // Browsers refuse an address that changes with every stroke.
      if (goesOn) now.timer = setTimeout(() => write(false), 250);
      else write(true);
      show(now.settings);
    };
    useEffect(() => {
      const follow = () => {
        const now = kept.current;
        // A link to a part of the page is no other view, and what was written here is shown.
        const foreign = location.hash && !location.hash.startsWith("#?");
        if (foreign || location.hash === now.written) return;
        clearTimeout(now.timer);
        Object.assign(now, { settings: fromAddress(location.hash), typing: "", written: location.hash });
        show(now.settings);
      };
      addEventListener("hashchange", follow);
      return () => removeEventListener("hashchange", follow);
    }, []);
    return [settings, change];
  }

  // ---- what is shown ----

  const searchWords = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  /** Every word of a claim that a search looks at, with those of its proposition. */
  const searched = CLAIMS.map((claim) =>
    [PROPOSITIONS[claim.of].statement, claim.before, claim.quote, claim.after,
      ...(claim.details || []).map((place) => DATA.phrases[place])].join(" ").toLowerCase());

  /** Whether a claim is one of those that are looked for. */
  function fits(settings) {
    const looked = searchWords(settings.q);
    return (claim) =>
      (settings.author === "all" || AUTHORS[claim.by].id === settings.author) &&
      (settings.stance === "all" || STANCES[claim.stance] === settings.stance) &&
      (settings.level === "all" || String(claim.level) === settings.level) &&
      (settings.phase === "all" || PHASES[claim.phase] === settings.phase) &&
      looked.every((word) => searched[claim.at].includes(word));
  }

  /** The propositions that fit the filters, each with those of its claims that do. */
  function rowsOf(results, settings) {
    const fitting = fits(settings);
    const ofClaims = !isDefault(settings, ["author", "stance", "level", "phase"]);
    const looked = searchWords(settings.q);
    return results
      .filter(
        ({ proposition, cell, harmful, moved, shifted }) =>
          (settings.topic === "all" || DATA.topics[proposition.topic] === settings.topic) &&
          (settings.cell === "all" || CELLS[cell] === settings.cell) &&
          (!settings.harm || harmful) &&
          (!settings.changed || moved || shifted),
      )
      .map((result) => ({ ...result, fitting: result.claims.filter(fitting) }))
      .filter(({ fitting: own, proposition }) => {
        if (own.length) return true;
        const statement = proposition.statement.toLowerCase();
        return !ofClaims && looked.every((word) => statement.includes(word));
      });
  }

  /** Rows in groups that are told by their heading, in the order of the reader's choice. */
  function grouped(rows, sort) {
    const orders = {
      topic: [DATA.topics, ({ proposition }) => proposition.topic],
      label: [LABELS, ({ found }) => LABELS.indexOf(found[0])],
      cell: [CELLS, ({ cell }) => cell],
    };
    if (sort in orders) {
      const [names, placeOf] = orders[sort];
      return names
        .map((name, place) => ({ name, rows: rows.filter((row) => placeOf(row) === place) }))
        .filter((group) => group.rows.length);
    }
    const lower = ({ proposition }) => proposition.statement.toLowerCase();
    const compare = {
      votes: (a, b) => b.total - a.total,
      statement: (a, b) => (lower(a) < lower(b) ? -1 : 1),
    };
    return rows.length ? [{ name: "", rows: [...rows].sort(compare[sort]) }] : [];
  }

  /** How much is shown, of how much. */
  function shownSentence(rows) {
    const claims = rows.flatMap(({ fitting }) => fitting);
    const authors = new Set(claims.map(({ by }) => by)).size;
    return (
      `Shown: ${rows.length} of ${inDigits(PROPOSITIONS.length, "proposition")}, ` +
      `${claims.length} of ${inDigits(CLAIMS.length, "claim")}, ` +
      `${authors} of ${inDigits(AUTHORS.length, "author")}.`
    );
  }

  /** A text with the words that were looked for marked. */
  function marked(text, looked) {
    if (!looked.length) return text;
    const escaped = looked.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    // A pattern with a group makes every second part one that was found.
    return text
      .split(new RegExp(`(${escaped.join("|")})`, "gi"))
      .map((part, place) => (place % 2 ? html`<mark>${part}</mark>` : part));
  }

  // ---- pieces of the page ----

  /** A choice of one of several, with its label. */
  function Choice({ label, value, options, all, onChoose, ...rest }) {
    return html`<label class="field"><span>${label}</span>
      <select value=${value} onChange=${(event) => onChoose(event.currentTarget.value)} ...${rest}>
        ${all && html`<option value="all">${all}</option>`}
        ${options.map(([name, words]) => html`<option key=${name} value=${name}>${words}</option>`)}
      </select></label>`;
  }

  /** A box to tick, with its label. */
  function Tick({ label, on, onTick }) {
    return html`<label class="tick">
      <input type="checkbox" checked=${on} onChange=${(event) => onTick(event.currentTarget.checked)} />
      <span>${label}</span></label>`;
  }

  /** The mark of a side or a stance, with the strength of support as dots. */
  function Mark({ side, symbol, level, ghost }) {
    return html`<span class=${`sign ${side} ${ghost ? "ghost" : ""}`} aria-hidden="true">
      <span>${symbol}</span>${level > 0 && html`<span class="dots">${dots(level)}</span>`}</span>`;
  }

  /** A dot for the weakest support, one more for each step above it. */
  const dots = (level) => "•".repeat(WEAKEST - level + 1);

  /** What is looked for: topic, author, stance, support, phase, cell, words; and the order. */
  function Find({ settings, change, results }) {
    const set = (name) => (value) => change({ [name]: value });
    const held = CELLS.map((cell, at) => [cell, results.filter((result) => result.cell === at).length]);
    const stated = DATA.topics.map((topic, at) => [
      topic, `${topic} (${PROPOSITIONS.filter((one) => one.topic === at).length})`,
    ]);
    const one = (name, label, all, options) =>
      html`<${Choice} label=${label} all=${all} value=${settings[name]} options=${options} onChoose=${set(name)} />`;
    const more = ["level", "phase", "harm"];
    const [open, toggle] = useState(!isDefault(settings, more));
    return html`<form class="find" role="search" aria-label="Claims" onSubmit=${(event) => event.preventDefault()}>
      <label class="field wide"><span>Search the quotes and propositions</span>
        <input type="search" value=${settings.q} autocomplete="off" spellcheck="false"
          onInput=${(event) => change({ q: event.currentTarget.value }, "q")} /></label>
      ${one("topic", "Topic", `all topics (${PROPOSITIONS.length})`, stated)}
      ${one("author", "Author", "all authors", AUTHORS.map(({ id, name }) => [id, name]))}
      ${one("stance", "Stance", "all stances", WORDS.stances.map(([stance, symbol]) => [stance, `${symbol} ${stance}`]))}
      ${one("cell", "Page and literature", `all (${results.length})`, held.map(([cell, count]) => [cell, `${cell} (${count})`]))}
      ${one("sort", "Order", "", Object.entries(SORTS))}
      <details class="wide" open=${open} onToggle=${(event) => toggle(event.currentTarget.open)}>
        <summary>More filters: support shown, phase, harm</summary>
        <div class="more">
          ${one("level", "Support shown", "all levels", WORDS.levels.map((words, at) => [String(at + 1), `level ${at + 1} of ${WEAKEST}: ${words}`]))}
          ${one("phase", "Said of", "everybody", WORDS.phases)}
          <${Tick} label="Only propositions with advice that could hurt somebody" on=${settings.harm === "1"}
            onTick=${(on) => change({ harm: on ? "1" : "" })} />
        </div></details>
    </form>`;
  }

  /** The threshold, to be written or drawn. */
  function Threshold({ settings, change }) {
    const [text, write] = useState(settings.threshold);
    const value = thresholdOf(text);
    useEffect(() => {
      if (!value || asDecimal(value) !== settings.threshold) write(settings.threshold);
    }, [settings.threshold]);
    const put = (given) => {
      write(given);
      const found = thresholdOf(given);
      if (found) change({ threshold: asDecimal(found) }, "threshold");
    };
    const [above_, below] = thresholdOf(settings.threshold);
    return html`<fieldset><legend>Threshold of agreement</legend>
      <p id="threshold-says">The share of the authors who take a side that must be on one side: above 0.5,
        up to 1. The reports use ${DATA.threshold}, which is a convention.</p>
      <div class="threshold">
        <label class="field"><span>As a number</span>
          <input type="text" inputmode="decimal" autocomplete="off" value=${text} aria-invalid=${value ? null : "true"}
            aria-describedby="threshold-says threshold-wrong" onInput=${(event) => put(event.currentTarget.value)} /></label>
        <label class="field"><span>By moving</span>
          <input type="range" min="0.51" max="1" step="0.01" value=${above_ / below}
            onInput=${(event) => put(event.currentTarget.value)} /></label>
      </div>
      <p id="threshold-wrong" class="wrong" role="alert">${value ? "" :
        `A threshold is above 0.5 and at most 1, such as 0.6 or 2/3; ${settings.threshold} still holds.`}</p>
    </fieldset>`;
  }

  /** What counts: the threshold, the authors, the phase, the weakest support. */
  function WhatIf({ settings, change }) {
    const changed = !isDefault(settings, COUNTING);
    const [open, toggle] = useState(changed);
    const without = settings.without.split(",").filter(Boolean);
    const put = (id, counts) => {
      const left = counts ? without.filter((other) => other !== id) : [...without, id];
      change({ without: AUTHOR_IDS.filter((other) => left.includes(other)).join(",") });
    };
    const levels = WORDS.levels.map((words, at) => [
      String(at + 1), at + 1 === WEAKEST ? "any support" : `level ${at + 1} or stronger: ${words}`,
    ]);
    return html`<details class="what-if" open=${open} onToggle=${(event) => toggle(event.currentTarget.open)}>
      <summary>What if? Move the threshold, leave an author out</summary>
      <div class="what-if-in">
        <${Threshold} settings=${settings} change=${change} />
        <fieldset><legend>Authors who count</legend><div class="ticks">
          ${AUTHORS.map(({ id, name }) => html`<${Tick} key=${id} label=${name} on=${!without.includes(id)}
            onTick=${(on) => put(id, on)} />`)}</div></fieldset>
        <fieldset><legend>Claims that count</legend>
          <${Choice} label="Said of this phase, of all, or without saying of whom" all="every phase" value=${settings.counted}
            options=${WORDS.phases} onChoose=${(value) => change({ counted: value })} />
          <${Choice} label="Weakest support that counts" value=${settings.weakest} options=${levels}
            onChoose=${(value) => change({ weakest: value })} />
        </fieldset>
      </div></details>`;
  }

  /** How a filter is called where it can be taken away. */
  function filterWords(name, settings) {
    const value = settings[name];
    const words = {
      q: `search: “${value}”`,
      topic: `topic: ${value}`,
      author: `author: ${(AUTHORS.find(({ id }) => id === value) || {}).name}`,
      stance: `stance: ${value}`,
      level: `support: level ${value}`,
      phase: `said of: ${Object.fromEntries(WORDS.phases)[value]}`,
      cell: `page and literature: ${value}`,
      harm: "could hurt somebody",
      changed: "changed by the settings",
    };
    return words[name];
  }

  /** What is shown and what the settings change, told aloud as well; and how to take it back. */
  function State({ settings, change, results, rows }) {
    const on = FILTERS.filter((name) => settings[name] !== DEFAULTS[name]);
    const changed = !isDefault(settings, COUNTING);
    const nothing = changed && !results.some(({ claims }) => claims.length);
    const clear = (names) => change(Object.fromEntries(names.map((name) => [name, DEFAULTS[name]])));
    return html`<div class="state">
      <div role="status" aria-live="polite" class="said-aloud">
        <p><strong>${shownSentence(rows)}</strong></p>
        ${changed && html`<p>${countingSentence(settings)} ${nothing
          ? "No claim is left: admit more."
          : changesSentence(results)}</p>`}
      </div>
      <div class="chips">
        ${on.map((name) => html`<button type="button" key=${name} aria-label=${`Take away ${filterWords(name, settings)}`}
          onClick=${() => clear([name])}>${filterWords(name, settings)} <span aria-hidden="true">✕</span></button>`)}
        ${on.length > 1 && html`<button type="button" onClick=${() => clear(FILTERS)}>Take all filters away</button>`}
        ${changed && !settings.changed && html`<button type="button" onClick=${() => change({ changed: "1" })}>Show only what changed</button>`}
        ${changed && html`<button type="button" onClick=${() => clear([...COUNTING, "changed"])}>Back to the default count</button>`}
      </div></div>`;
  }

  /** What the marks mean: the sides, and the levels of support that occur on the page. */
  function Key() {
    const strongest = Math.min(...CLAIMS.map(({ level }) => level));
    const levels = WORDS.levels.map((words, at) => [at + 1, words]).filter(([level]) => level >= strongest);
    return html`<div class="key">
      <ul>${WORDS.sides.map(([side, symbol, words]) => html`<li key=${side}><${Mark} side=${side} symbol=${symbol} />${" "}${words}</li>`)}
        <li><${Mark} side="unclear" symbol="?" /> takes no side</li>
        ${levels.reverse().map(([level, words]) => html`<li key=${level}><b class="dots" aria-hidden="true">${dots(level)}</b> level ${level} of ${WEAKEST}: ${words}</li>`)}
        ${strongest > 1 && html`<li>No claim on the page shows stronger support.</li>`}</ul>
      <p>Choose a mark for its quotes, or a proposition for all of them. With the keyboard: Tab goes to the map, the
        arrow keys move in it, Enter opens.</p>
      <details><summary>What the labels and the cells mean</summary>
        <${Meanings} of="What the votes amount to" words=${WORDS.labels} />
        <${Meanings} of="Page and literature" words=${WORDS.cells} /></details></div>`;
  }

  /** Words with what each means. */
  const Meanings = ({ of, words }) => html`<p><b>${of}</b></p>
    <ul class="meanings">${words.map(([word, meaning]) => html`<li key=${word}><b>${word}</b>: ${meaning}</li>`)}</ul>`;

  const keyOf = (proposition, by) => `${proposition.id}/${by === undefined ? "" : AUTHORS[by].id}`;

  /** The place of an author on a proposition: a mark that opens the quotes, or a dash. */
  function Place({ row, by, tab, open }) {
    const own = row.claims.filter((claim) => claim.by === by);
    const all = CLAIMS_OF[row.number].filter((claim) => claim.by === by);
    if (!all.length) return html`<td role="cell" class="none">–</td>`;
    const ghost = !own.length;
    const vote = ghost ? votesOf(all).get(by) : row.votes.get(by);
    const side = vote ? vote.side : "unclear";
    const symbol = vote ? SIDE_SYMBOLS[side] : "?";
    const words = vote ? SIDE_WORDS[side] : "takes no side";
    const level = vote ? vote.level : 0;
    const fitting = row.fitting.some((claim) => claim.by === by);
    const name = `${words}${ghost ? " (not counted)" : ""}: ${AUTHORS[by].name}`;
    const more = [vote && `level ${level} of ${WEAKEST}`, inDigits((ghost ? all : own).length, "claim")];
    const key = keyOf(row.proposition, by);
    return html`<td role="cell" class="place"><button type="button" class=${`mark-button ${fitting || ghost ? "" : "aside"}`} data-key=${key}
      data-column=${by + 1} tabindex=${tab === key ? 0 : -1} aria-haspopup="dialog"
      onClick=${() => open(row.proposition.id, AUTHORS[by].id)}>
      <${Mark} side=${side} symbol=${symbol} level=${level} ghost=${ghost} />
      <span class="who">${name}</span><span class="hidden">, ${more.filter(Boolean).join(", ")}</span></button></td>`;
  }

  /** What a label or a cell was by default, where it is another. */
  const Was = ({ words }) => html`<span class="was"><span aria-hidden="true">↶ </span>by default: ${words}</span>`;

  /** One proposition of the map. */
  function Row({ row, settings, tab, open }) {
    const { proposition, fitting, claims, moved, shifted, harmful } = row;
    const all = CLAIMS_OF[row.number].length;
    const key = keyOf(proposition);
    const less = claims.length < all ? " counted" : "";
    const many = fitting.length === all ? inDigits(all, "claim") : `${fitting.length} of ${inDigits(all, "claim")}`;
    return html`<tr role="row" class=${moved || shifted ? "moved" : ""} data-proposition=${proposition.id}>
      <th role="rowheader" scope="row"><button type="button" class="statement" data-key=${key} data-column="0" aria-haspopup="dialog"
          tabindex=${tab === key ? 0 : -1} onClick=${() => open(proposition.id, "")}>${marked(proposition.statement, searchWords(settings.q))}</button>
        <span class="many">${many}${fitting.length < claims.length ? " as looked for" : less}</span>
        ${harmful > 0 && html`<span class="harmful"><span aria-hidden="true">⚠ </span>${harmful} of ${inDigits(all, "claim")} could hurt somebody</span>`}</th>
      ${AUTHORS.map((_, by) => html`<${Place} key=${by} row=${row} by=${by} tab=${tab} open=${open} />`)}
      <td role="cell" class="votes">${votesShort(row, authorsCounted(settings))}</td>
      <td role="cell" class="label"><b>${row.label}</b>${moved && html`<${Was} words=${proposition.label} />`}</td>
      <td role="cell" class="cell"><b>${CELLS[row.cell]}</b><span class="verdict">literature: ${proposition.short}</span>
        ${shifted && html`<${Was} words=${CELLS[proposition.cell]} />`}</td></tr>`;
  }

  /** Move the focus in the map with the arrow keys, as in a sheet. */
  function move(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -1, End: 1 };
    const from = event.target.closest("[data-key]");
    if (!from || !(event.key in steps) || event.altKey || event.metaKey) return;
    const table = event.currentTarget;
    const upright = event.key.startsWith("Arrow") ? /Up|Down/.test(event.key) : event.ctrlKey;
    const line = [...table.querySelectorAll("[data-key]")].filter((button) =>
      upright
        ? button.dataset.column === from.dataset.column
        : button.closest("tr") === from.closest("tr"));
    const far = { Home: line[0], End: line[line.length - 1] }[event.key];
    const to = far || line[line.indexOf(from) + steps[event.key]];
    event.preventDefault();
    if (to) to.focus();
  }

  /** The evidence map: a row a proposition, a column an author, and what it comes to.

      On a narrow screen its rows are drawn as blocks, which would cost them what they are to those
      who hear the page; so each part says what it is. */
  function EvidenceMap({ rows, settings, change }) {
    const [active, activate] = useState("");
    const groups = grouped(rows, settings.sort);
    const keys = new Set(rows.flatMap((row) => [keyOf(row.proposition), ...AUTHORS.map((_, by) => keyOf(row.proposition, by))]));
    const first = groups.length ? keyOf(groups[0].rows[0].proposition) : "";
    const tab = keys.has(active) ? active : first;
    const open = (id, by) => change({ open: id, by });
    const without = settings.without.split(",");
    const wide = AUTHORS.length + 4;
    const follow = (event) => {
      const button = event.target.closest("[data-key]");
      if (button) activate(button.dataset.key);
    };
    return html`<div class="scroll explore-map" role="region" aria-label="Evidence map" tabindex="0">
      <table role="table" onKeyDown=${move} onfocusin=${follow}>
        <caption>Evidence map: ${rows.length} of ${inDigits(PROPOSITIONS.length, "proposition")} by ${inDigits(AUTHORS.length, "author")}</caption>
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Proposition</th>
          ${AUTHORS.map(({ id, name }) => html`<th role="columnheader" scope="col" class=${`author ${without.includes(id) ? "out" : ""}`} key=${id}>
            <span>${name}${without.includes(id) ? " (left out)" : ""}</span></th>`)}
          <th role="columnheader" scope="col">Authors on each side</th>
          <th role="columnheader" scope="col">What the votes amount to <i>${WORDS.notEvidence}</i></th>
          <th role="columnheader" scope="col">Page and literature</th></tr></thead>
        ${groups.map((group) => html`<tbody role="rowgroup" key=${group.name}>
          ${group.name && html`<tr role="row" class="group"><th role="rowheader" scope="rowgroup" colspan=${wide}><span>${sentence(group.name)}: ${inDigits(group.rows.length, "proposition")}</span></th></tr>`}
          ${group.rows.map((row) => html`<${Row} key=${row.number} row=${row} settings=${settings} tab=${tab} open=${open} />`)}
        </tbody>`)}
      </table></div>`;
  }

  /** A claim in its author's words, with stance, support, phase, condition and harm. */
  function Quote({ claim, looked, counts }) {
    const [stance, symbol] = WORDS.stances[claim.stance];
    const author = AUTHORS[claim.by];
    const details = (claim.details || []).map((at) => `${DATA.phrases[at]}.`).join(" ");
    return html`<blockquote class="said">
      <p><${Mark} side=${stance} symbol=${symbol} level=${claim.level} /> <b>${stance}</b>${" "}<a href=${author.href}>${author.name}</a>${!counts && html` <i>(not counted with these settings)</i>`}</p>
      <p class="quote">“${claim.before && html`${marked(claim.before, looked)} … `}<span class=${claim.before || claim.after ? "item" : ""}>${marked(claim.quote, looked)}</span>${claim.after && html` … ${marked(claim.after, looked)}`}”</p>
      <p class="about">${details} <a href=${claim.href}>Where it stands</a></p>
      ${(claim.harms || []).map((harm) => html`<p class="harmful" key=${harm}><span aria-hidden="true">⚠ </span>${harm}</p>`)}
    </blockquote>`;
  }

  /** What the literature says of a proposition, and where the page stands to it. */
  function Literature({ row }) {
    const { proposition, cell, shifted } = row;
    const [name, meaning] = WORDS.cells[cell];
    return html`<section><h4>Page and literature</h4>
      <p><strong>${sentence(name)}</strong>: ${meaning}.${shifted && html` <${Was} words=${CELLS[proposition.cell]} />`}</p>
      <p>${proposition.verdict}</p>
      ${proposition.caution && html`<p>Caution: ${proposition.caution}</p>`}
      <p>${WORDS.draft} ${proposition.teaching} ${proposition.signed ? `Signed by ${proposition.signed}.` : WORDS.unsigned}</p>
      <p><a href=${proposition.href}>The whole appraisal, with its references</a></p></section>`;
  }

  /** What the authors say of a proposition: all of them, or the one whose mark was chosen. */
  function Quotes({ row, settings, change, looked }) {
    const all = [...CLAIMS_OF[row.number]].sort((a, b) => a.stance - b.stance);
    const one = AUTHORS.find(({ id }) => id === settings.by);
    const shown = one ? all.filter((claim) => AUTHORS[claim.by] === one) : all;
    const of = `${shown.length} of ${inDigits(all.length, "claim")}`;
    return html`<section><h4>In their words: ${one ? `${one.name}, ${of}` : inDigits(all.length, "claim")}</h4>
      ${!all.length && html`<p>Nobody on the page speaks of it.</p>`}
      ${shown.map((claim) => html`<${Quote} key=${claim.at} claim=${claim} looked=${looked} counts=${row.claims.includes(claim)} />`)}
      ${one && shown.length < all.length && html`<p><button type="button" onClick=${() => change({ by: "" })}>Show what all authors say: ${inDigits(all.length, "claim")}</button></p>`}
    </section>`;
  }

  /** The proposition that is open: what it comes to, how fragile that is, the literature, the quotes. */
  function Opened({ row, rows, settings, change, head }) {
    const { proposition, moved } = row;
    const order = grouped(rows, settings.sort).flatMap((group) => group.rows);
    const at = order.findIndex((other) => other.number === row.number);
    const go = (other) => change({ open: other.proposition.id, by: "" });
    const quotes = html`<${Quotes} row=${row} settings=${settings} change=${change} looked=${searchWords(settings.q)} />`;
    const literature = html`<${Literature} row=${row} />`;
    return html`<div class="opened">
      <div class="bar">
        <span>${at < 0 ? "" : `${at + 1} of ${inDigits(order.length, "proposition")} shown`}</span>
        ${at > 0 && html`<button type="button" onClick=${() => go(order[at - 1])}>Previous</button>`}
        ${at >= 0 && at < order.length - 1 && html`<button type="button" onClick=${() => go(order[at + 1])}>Next</button>`}
        <button type="button" onClick=${() => change({ open: "", by: "" })}>Close</button>
      </div>
      <p class="topic">${sentence(DATA.topics[proposition.topic])}</p>
      <h3 tabindex="-1" ref=${head} id="opened">${proposition.statement}</h3>
      ${row.harmful > 0 && html`<p class="harmful"><span aria-hidden="true">⚠ </span>${row.harmful} of ${inDigits(CLAIMS_OF[row.number].length, "claim")} on it could hurt somebody: see the quotes.</p>`}
      <p class="verdict-line"><strong>${sentence(row.label)}.</strong> ${WORDS.notEvidence} ${moved && html`<${Was} words=${proposition.label} />`}</p>
      <p class="voices">${[votesSentence(row, authorsCounted(settings)), askedSentence(proposition.asked),
        row.apart && row.found[0] === "split" ? "Those for and those against speak of different phases." : "",
        levelSentence(row.best)].filter(Boolean).join(" ")}</p>
      <p class="fragile">How fragile: ${fragilitySentence(row, thresholdOf(settings.threshold))}</p>
      ${settings.by ? [quotes, literature] : [literature, quotes]}
    </div>`;
  }

  /** The window over the page in which a proposition is read. */
  function Window({ results, rows, settings, change }) {
    const [box, head, last] = [useRef(null), useRef(null), useRef("")];
    const row = results.find(({ proposition }) => proposition.id === settings.open);
    useLayoutEffect(() => {
      const dialog = box.current;
      if (row) {
        if (!dialog.open) dialog.showModal();
        dialog.scrollTop = 0;
        head.current.focus({ preventScroll: true });
        last.current = `${settings.open}/${settings.by}`;
      } else if (dialog.open || last.current) {
        if (dialog.open) dialog.close();
        // Back to where it was opened, or to the proposition that was gone on to.
        const marks = [...document.querySelectorAll("[data-key]")];
        const to = marks.find(({ dataset }) => dataset.key === last.current);
        if (to) to.focus();
        last.current = "";
      }
    }, [settings.open, settings.by]);
    const close = () => settings.open && change({ open: "", by: "" });
    const outside = (event) => event.target === box.current && close();
    return html`<dialog ref=${box} class="window" aria-labelledby="opened" onClose=${close} onClick=${outside}>
      ${row && html`<${Opened} row=${row} rows=${rows} settings=${settings} change=${change} head=${head} />`}</dialog>`;
  }

  /** To the red flags, without another address. */
  function toFlags(event) {
    const flags = document.getElementById("red-flags");
    if (!flags) return;
    event.preventDefault();
    flags.scrollIntoView();
    flags.setAttribute("tabindex", "-1");
    flags.focus({ preventScroll: true });
  }

  /** The whole view. */
  function App() {
    const [settings, change] = useSettings();
    const results = useMemo(() => computed(settings), COUNTING.map((name) => settings[name]));
    const rows = useMemo(() => rowsOf(results, settings), [results, ...FILTERS.map((name) => settings[name])]);
    return html`
      <${Find} settings=${settings} change=${change} results=${results} />
      <${WhatIf} settings=${settings} change=${change} />
      <p class="urgent"><a href="#red-flags" onClick=${toFlags}>Signs that need urgent care</a> come before everything here.
        The address of this page holds the view: keep it, send it, go back.</p>
      <${State} settings=${settings} change=${change} results=${results} rows=${rows} />
      <${Key} />
      ${rows.length
        ? html`<${EvidenceMap} rows=${rows} settings=${settings} change=${change} />`
        : html`<p class="empty">Nothing on the page fits all of this. Take a filter away.</p>`}
      <${Window} results=${results} rows=${rows} settings=${settings} change=${change} />`;
  }

  /** Put the view in its place. */
  function start() {
    place.textContent = "";
    render(html`<${App} />`, place);
    // A link to a view leads to it; everybody else begins with the red flags.
    if (location.hash.startsWith("#?")) place.scrollIntoView();
  }

  // The red flags are painted first, and do not wait for the view.
  requestAnimationFrame(() => setTimeout(start));
})();

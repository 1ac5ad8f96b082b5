// The live switch of the filtering log: rows are put on top as the tail brings them. Texts are set as texts.
"use strict";

const ENDED = {
  time: "Fifteen minutes are over.",
  right: "You may not read this any more, or are signed out.",
  fault: "Something went wrong on the way.",
};
const MOST_ROWS = 500;

const live = document.getElementById("live");
const body = document.getElementById("rows");
const pattern = document.getElementById("live-row");
const reasons = new Map(Array.from(document.getElementById("f-reason").options, (one) => [one.value, one.text]));
const day = new Intl.DateTimeFormat("en-GB", {
  timeZone: live.dataset.zone, day: "numeric", month: "short",
});
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: live.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function say(text) {
  live.textContent = text;
}

function put(place, name, text) {
  const found = place.querySelector(`[data-is="${name}"]`);
  found.textContent = text || "";
  found.hidden = !text;
}

function add(row) {
  const made = pattern.content.cloneNode(true);
  const at = new Date(row.at);
  put(made, "at", `${day.format(at)} ${clock.format(at)}`);
  const noticed = row.kind === "event"; // beside any request
  const guessed = noticed && row.reason === "guessing"; // whose account it is did nothing
  put(made, "who", guessed ? "not known" : row.who);
  let why = reasons.get(row.reason) || row.reason.replaceAll("-", " ");
  if (guessed && row.who !== "nobody signed in") why = `somebody guessed at the password of ${row.who}`;
  if (noticed && (row.rule || "").endsWith("one change")) why = "changed from one device to another; a laptop that moves does this";
  const site = row.url || row.host || "";
  const says = `Noticed: ${why}${row.rule ? ` (${row.rule})` : ""}${site && `: ${site}`}`;
  put(made, "site", noticed ? says : site || "–");
  put(made, "category", row.category);
  put(made, "terms", row.search_terms);
  const answer = row.verdict === "allow" ? "Let by" : "Blocked";
  put(made, row.verdict === "allow" ? "allow" : "block", noticed ? "" : answer);
  put(made, row.verdict === "allow" ? "block" : "allow", "");
  put(made, "reason", why);
  put(made, "reference", row.reference);
  body.prepend(made);
  while (body.rows.length > MOST_ROWS) body.lastElementChild.remove();
}

async function watch() {
  const answer = await fetch(live.dataset.tail, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    say((await answer.json()).detail);
    return;
  }
  say("Live: new rows appear here as they are stored.");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const row = JSON.parse(line);
      if (row.ended) {
        say(`${ENDED[row.ended] || "It ended."} Load the page again to go on.`);
        return;
      }
      add(row);
    }
  }
  say("The connection ended. Load the page again to go on.");
}

watch().catch(() => say("The connection broke. Load the page again to go on."));

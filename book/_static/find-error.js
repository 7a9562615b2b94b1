/* The title page's box: match a pasted message against window.RAGGED_ERRORS, in the page.

   What is read and what fits is decided as helpers/errors/pastes.py and matching.py decide it, with
   the same names, from the same data; the tests run both on the same texts. */
(function () {
  "use strict";

  var PASTE = 400000; // characters at the end of a paste that are read
  var MESSAGE = 20000; // characters at the end of a message that the patterns see
  var ALL = 40000; // characters of all messages together
  var MOST = 20; // messages
  var PARTS = 8; // parts that may come before a line
  var START = 300; // characters of a line that say what it is
  var GUESSES = 2; // rows that are shown where none fits
  var REPORT = 600; // characters of a message that a report holds
  var PART = 3; // words that a part of a message has, at least
  var LONGEST = 400; // characters that it has, at most
  var SHARED = 9; // how rare the words that a guess shares with the message are, at least

  var made = {};

  /* A pattern of window.RAGGED_READING. */
  function search(name, flags) {
    var key = name + (flags || "");
    made[key] = made[key] || new RegExp(window.RAGGED_READING[name], flags);
    return made[key];
  }

  /* Whether a text begins with such a pattern. */
  function test(name, text) {
    var pattern = search(name, "y");
    pattern.lastIndex = 0;
    return pattern.test(text);
  }

  // Reading a paste

  function fold(text) {
    text = text.replace(search("junk", "g"), "").replace(search("size", "g"), "($1)");
    return text.trim().split(/\s+/).join(" ");
  }

  function linesOf(text) {
    text = text.slice(-PASTE).replace(search("junk", "g"), "");
    if (text.includes("Traceback (most recent call last):\\n")) text = text.replaceAll("\\n", "\n");
    return text.replaceAll("\r", "\n").split("\n");
  }

  /* How many parts come before a line, where they end, and where their last bar is. */
  function before(line, most) {
    var part = search("before", "y");
    var found = { count: 0, at: 0, depth: 0 };
    while (found.count < most) {
      part.lastIndex = 0;
      var hit = part.exec(line.slice(found.at, found.at + START));
      if (!hit) break;
      found.at += hit[0].length;
      found.count += 1;
      if (hit[0].includes("|")) found.depth = found.at;
    }
    return found;
  }

  /* Whether a line begins a message; one that a line ending in a colon announces does not. */
  function opens(start, indent, frames, current) {
    if (frames !== null) return indent <= frames && (test("raised", start) || test("named", start));
    if (test("warned", start)) return true;
    var last = current ? current.lines.slice(-3).filter((line) => line.trim()).pop() : "";
    return !(last || "").trimEnd().endsWith(":") && test("raised", start);
  }

  /* What the lines raise and warn of, in their order. */
  function said(lines) {
    var found = [];
    var current = null; // the message that the lines continue
    var frames = null; // how far the traceback is indented, above its message
    lines.forEach(function (line, number) {
      var parts = before(line, PARTS);
      var body = line.slice(parts.at).trimStart();
      var indent = line.length - parts.at - body.length;
      var start = body.slice(0, START);
      var quotes = current && test("quoting", current.lines[0].slice(0, START));
      // a traceback that a message quotes has an empty line after its first, which no other has
      var quoted = quotes && !(lines[number + 1] || "").trim();
      if (search("frames").test(start) && !quoted) {
        current = null;
        frames = indent;
      } else if (test("chain", start)) {
        current = null;
        frames = null;
      } else if (!current && test("frame", start)) {
        frames = frames === null ? indent : frames;
      } else if (!quotes && opens(start, indent, frames, current)) {
        current = { depth: parts.depth, parts: parts.count };
        current.warns = frames === null && test("warned", start);
        current.record = record(line);
        current.lines = [body];
        frames = null;
        found.push(current);
      } else if (current && record(line) !== null && record(line) !== current.record) {
        current = null;
      } else if (current) {
        current.lines.push(line.slice(before(line, current.parts).at));
      }
    });
    return found;
  }

  /* The level of a log's line, "" if it has none, null if it has no time stamp. */
  function record(line) {
    if (!test("stamp", line)) return null;
    var level = search("level").exec(line.slice(0, before(line, PARTS).at));
    return level ? level[0] : "";
  }

  /* The last first; what lies deeper follows the group it belongs to, in its order. */
  function ordered(all) {
    var groups = [];
    all.forEach(function (each) {
      var group = groups[groups.length - 1];
      if (group && each.depth > group[0].depth) group.push(each);
      else groups.push([each]);
    });
    return groups.reverse().flat();
  }

  /* The messages of a paste, folded, the one to answer first; and whether one was raised. */
  function read(text) {
    var lines = linesOf(text);
    var all = ordered(said(lines).filter((each) => !each.warns));
    if (all.length) {
      var warns = test("warned", all[0].lines[0]); // a warning that was raised
      return { texts: cut(all.map((each) => each.lines.join(" "))), raised: !warns };
    }
    if (lines.some((line) => search("arrow").test(line))) {
      lines = lines.filter((line) => !search("source").test(line));
    }
    var whole = lines.join(" ");
    return { texts: cut([whole]), raised: search("anywhere").test(whole) };
  }

  function cut(texts) {
    var left = ALL;
    var found = [];
    Array.from(new Set(texts)).slice(0, MOST).forEach(function (text) {
      if (left <= 0) return;
      var folded = fold(text).slice(-Math.min(MESSAGE, left));
      found.push(folded);
      left -= folded.length;
    });
    return found;
  }

  // Matching

  function axes(shape) {
    var parts = shape.replace(/^[()[\] ]+|[()[\] ]+$/g, "").split(",");
    return parts.map((part) => part.trim()).filter(Boolean);
  }

  /* What an operand of a condition means; null where its group took no part. */
  function value(operand, groups) {
    operand = String(operand);
    var name = operand.split(".")[0];
    var part = operand.slice(name.length + 1);
    if (!(name in groups)) return operand;
    if (groups[name] === undefined) return null;
    if (!part) return groups[name];
    var sizes = axes(groups[name]);
    if (part === "rank") return String(sizes.length);
    if (part.endsWith(":")) return sizes.slice(parseInt(part, 10)).join(",");
    return sizes.at(parseInt(part, 10)) || "";
  }

  function clashes(first, second) {
    var ours = axes(first);
    var theirs = axes(second);
    while (ours.length < theirs.length) ours.unshift("1");
    while (theirs.length < ours.length) theirs.unshift("1");
    return ours.flatMap(function (a, axis) {
      var b = theirs[axis];
      var known = /^\d+$/.test(a) && /^\d+$/.test(b) && a !== "1" && b !== "1";
      return known && a !== b ? [axis] : [];
    });
  }

  function holds(condition, groups) {
    var left = value(condition[0], groups);
    var relation = condition[1];
    var right = condition[2];
    if (relation === "among") return left === null || right.map(String).includes(left);
    var other = value(relation === "clashes on" ? condition[3] : right, groups);
    if (left === null || other === null) return true;
    if (relation === "clashes on") return String(clashes(left, other)) === String(right);
    if (relation === "below") {
      return /^\d+$/.test(left) && /^\d+$/.test(other) && Number(left) < Number(other);
    }
    return (left === other) === (relation === "equals");
  }

  /* The first template of whose operands, in braces, all have a value. */
  function reading(templates, groups) {
    for (var template of templates) {
      var all = true;
      var filled = template.replace(/\{([\w.:-]+)\}/g, function (place, operand) {
        var found = value(operand, groups);
        all = all && Boolean(found);
        return found;
      });
      if (all) return filled;
    }
    return "";
  }

  function fit(entry, text) {
    for (var match of text.matchAll(new RegExp(entry.pattern, "g"))) {
      var groups = match.groups || {};
      if ((entry.where || []).every((condition) => holds(condition, groups))) {
        var end = match.index + match[0].length;
        return { entry: entry, start: match.index, end: end, read: reading(entry.reads || [], groups) };
      }
    }
    return null;
  }

  /* The rows that fit, the most specific first; the general case of a more specific one not. */
  function fits(text, raised) {
    var found = (window.RAGGED_ERRORS || []).map((entry) => fit(entry, text)).filter(Boolean);
    var errors = found.filter((each) => !each.entry.warns);
    if (errors.length || raised) found = errors;
    found.sort(function (a, b) {
      var longer = b.end - b.start - (a.end - a.start);
      return longer || (b.entry.where || []).length - (a.entry.where || []).length;
    });
    return found.reduce(function (kept, each) {
      var general = kept.some((more) => more.start <= each.start && each.end <= more.end);
      return general ? kept : kept.concat([each]);
    }, []);
  }

  function words(text) {
    return text.toLowerCase().match(/[a-z]{3,}/g) || [];
  }

  /* A folded text without marks of code, and without "…" at its ends. */
  function plain(text) {
    return text.replaceAll("`", "").replace(/^[… ]+|[… ]+$/g, "");
  }

  /* The only row that has the whole text, as a page prints it of a message, in a wording. */
  function quoted(text) {
    var said = plain(text.replace(search("name"), ""));
    if (text.length > LONGEST || words(said.replace(search("called"), "")).length < PART) return null;
    var has = (some) => (some || []).some((one) => one.includes(said));
    var hits = (window.RAGGED_ERRORS || []).filter((entry) => has(entry.told) || has(entry.untold));
    return hits.length === 1 && has(hits[0].told) ? hits[0] : null;
  }

  /* The rows nearest to a message that is probably of our subject. */
  function nearest(text) {
    if (!search("subject").test(text) || !search("framework").test(text)) return [];
    var said = new Set(words(text));
    var rows = window.RAGGED_ERRORS || [];
    var worded = (entry) => [entry.title].concat(entry.told || [], entry.untold || []).join(" ");
    var known = rows.map((entry) => new Set(words(worded(entry))));
    var counts = {};
    known.forEach((each) => each.forEach((word) => (counts[word] = (counts[word] || 0) + 1)));
    var rare = (word) => Math.log(known.length / counts[word]);
    var sum = (all) => all.reduce((total, word) => total + rare(word), 0);
    var rounded = (score) => Math.round(score * 1e6) / 1e6;
    var scored = known.flatMap(function (each, place) {
      var all = Array.from(each);
      var shared = rounded(sum(all.filter((word) => said.has(word))));
      var score = rounded((shared * shared) / sum(all));
      return shared >= SHARED ? [{ entry: rows[place], score: score }] : [];
    });
    scored.sort((a, b) => b.score - a.score);
    return scored.slice(0, GUESSES).map((each) => each.entry);
  }

  /* As helpers.explain: the row that fits, what it read, a second one, or guesses. */
  function explain(text) {
    var paste = read(text);
    var found = [];
    for (var message of paste.texts) {
      for (var each of fits(message, paste.raised)) {
        if (!found.some((earlier) => earlier.entry === each.entry)) found.push(each);
      }
      if (found.length > 1) break;
    }
    var whole = found.length ? null : quoted(paste.texts[0]);
    if (whole) return { entry: whole, other: null, read: "", guesses: [] };
    if (!found.length) return { entry: null, other: null, read: "", guesses: nearest(paste.texts[0]) };
    var other = found[1] ? found[1].entry : null;
    return { entry: found[0].entry, other: other, read: found[0].read, guesses: [] };
  }

  window.explainMessage = explain;

  // A report

  var FILES =
    "png|jpe?g|gif|bmp|tiff?|webp|np[yz]|[ct]sv|txt|json|ya?ml|h5|hdf5|keras|pkl|py|ipynb" +
    "|tfrecords?|parquet|zip|tar|gz|wav|mp[34]|log|env|pem|key";
  var NAMES =
    "bearer|basic|passw(?:or)?d|passphrase|pwd|secret|tokens?|credentials?|(?:api|access)[ _-]?key";

  /* What could be private in a word of a message, and what a report says for it. */
  var PRIVATE = [
    [/[/\\]|^~|%\w+%/, "<path>"],
    [new RegExp("(?<!\\b(?:tf|np|jnp|math|ops|torch))\\.(?:" + FILES + ")(?=\\W*$)", "i"), "<path>"],
    [/\S@\S/, "<e-mail>"],
    [/\d{1,3}(?:\.\d{1,3}){3}|(?:[\da-f]{0,4}:){3,}/i, "<address>"],
    [/(?:[sp]k|gh[a-z]|github_pat|glpat|hf|xox[a-z]|A[KS]IA|AIza|eyJ)[-\w]{12,}/, "<secret>"],
    [/[\da-f]{16,}/i, "<secret>"],
    [/(?=[-\w+=]*\d)(?=[-\w+=]*[A-Z])(?=[-\w+=]*[a-z])[-\w+=]{20,}/, "<secret>"],
    [/(?=[a-z]*\d)[a-z\d]{24,}/i, "<secret>"],
    [/\d{9,}/, "<number>"],
  ];
  var QUOTED = /(?<!\w)(["'`])(?:(?!\1).){0,300}?\1/g;
  var NAMED = new RegExp(
    "\\b((?:\\w*_)?(?:" + NAMES + "))[\"'`]?(?:\\s*[:=]\\s*|\\s+is\\s+|(?<=bearer|basic)\\s+)\\S+",
    "gi"
  );
  var LONG = 200; // characters that no word of a message has

  /* A word without what could be private in it. */
  function harmless(word) {
    if (word.length > LONG) return "<long>";
    var hit = PRIVATE.find((each) => each[0].test(word));
    return hit ? hit[1] : word;
  }

  /* The exception that was raised last, type and message, without paths, names of files,
     addresses and what looks like a secret. */
  function reportable(text) {
    var said = read(text).texts[0] || "";
    said = said.replace(QUOTED, (quoted) => (/[/\\]/.test(quoted) ? "<path>" : quoted));
    said = said.replace(NAMED, "$1 <secret>");
    said = said.split(" ").map(harmless).join(" ");
    // a path with spaces in its names: what is between its pieces is of it, too
    said = said.replace(/<path>(?: (?!<)\S+){0,4} (?=<path>)/g, "");
    return said.slice(0, REPORT);
  }

  window.reportableMessage = reportable;

  // The box

  var box = document.getElementById("message-box");
  var answer = document.getElementById("message-answer");
  if (!box || !answer) return;

  function link(href, text) {
    var a = document.createElement("a");
    a.href = href;
    a.textContent = text;
    return a;
  }

  function pageOf(entry) {
    return "book/messages/" + entry.id + ".html";
  }

  function line(tag, text) {
    var e = document.createElement(tag);
    e.textContent = text;
    return e;
  }

  /* Text whose inline code is marked as in Markdown. */
  function marked(text) {
    var p = document.createElement("p");
    text.split("`").forEach(function (part, i) {
      p.append(i % 2 ? line("code", part) : part);
    });
    return p;
  }

  function copy(pre) {
    if (navigator.clipboard) return navigator.clipboard.writeText(pre.textContent);
    getSelection().selectAllChildren(pre); // from disk there is no clipboard
    return Promise.resolve(document.execCommand("copy"));
  }

  /* Code with a button that copies it; where it scrolls, the keyboard can reach it at once. */
  function appendCode(place, text) {
    var box = document.createElement("div");
    var pre = line("pre", text);
    var button = line("button", "Copy");
    box.className = "code";
    button.type = "button";
    button.addEventListener("click", function () {
      copy(pre).then(function () {
        button.textContent = "Copied";
      });
    });
    box.append(button, pre);
    place.append(box);
    if (pre.scrollWidth > pre.clientWidth || pre.scrollHeight > pre.clientHeight) pre.tabIndex = 0;
  }

  var loading = {};

  /* The data are large: they are loaded when they are first needed. */
  function load(file, then) {
    loading[file] =
      loading[file] ||
      new Promise(function (done, failed) {
        var script = document.createElement("script");
        script.src = "_static/" + file;
        script.addEventListener("load", done);
        script.addEventListener("error", failed);
        document.head.append(script);
      });
    loading[file].then(then, function () {
      answer.replaceChildren(line("p", "The messages could not be loaded. Load the page again."));
    });
  }

  function showAdvice(entry) {
    var place = document.createElement("div");
    answer.append(place);
    load("error-answers.js", function () {
      var said = window.RAGGED_ANSWERS[entry.id];
      place.append(marked(said.cause), line("strong", "Use instead"), marked(said.fix));
      if (said.code) appendCode(place, said.code);
      var links = line("p", "");
      links.className = "links";
      links.append(link(said.chapter, "Read the chapter"), " ", link(pageOf(entry), "Its page"));
      place.append(links);
    });
  }

  function showNothing(text, guesses) {
    var said = line("p", "No entry matches this message. ");
    said.append("Paste the last lines of the traceback too, or ");
    said.append(link("book/error-index.html", "look through the error index"), ".");
    answer.append(said);
    if (!guesses.length) return;
    var list = document.createElement("ul");
    guesses.forEach(function (entry) {
      var item = document.createElement("li");
      item.append(link(pageOf(entry), entry.title));
      list.append(item);
    });
    answer.append(line("p", "The nearest, as guesses:"), list);
    showReport(text);
  }

  /* A report that is filled in; where the book does not know its repository, its text alone. */
  function showReport(text) {
    var said = reportable(text);
    var place = window.RAGGED_REPOSITORY;
    var how = line("p", "If neither is right, report it. ");
    if (place) {
      var body = "A message that is not listed:\n\n```text\n" + said + "\n```\n";
      var query = new URLSearchParams({ title: "Not listed: " + said.slice(0, 80), body: body });
      how.append(link(place + "/issues/new?" + query, "Open a report on GitHub"), ". ");
    } else {
      how.append("This copy of the book does not know where: ask whoever gave it to you. ");
    }
    how.append("It holds these words and no others; paths and what looks like a secret are out:");
    answer.append(how);
    appendCode(answer, said);
  }

  function show() {
    var text = box.value.trim();
    answer.textContent = "";
    answer.hidden = !text;
    if (text) load("error-index.js", () => showAnswer(text));
  }

  function showAnswer(text) {
    if (text !== box.value.trim() || answer.childElementCount) return; // typed on, or shown
    var found = explain(text);
    var entry = found.entry;
    if (!entry) {
      showNothing(text, found.guesses);
      return;
    }
    answer.append(line("strong", entry.title));
    if (found.read) answer.append(line("p", "Here: " + found.read));
    showAdvice(entry);
    if (!found.other) return;
    var or = line("p", "Or: ");
    or.append(link(pageOf(found.other), found.other.title));
    answer.append(or);
  }

  var waiting;
  box.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(show, 200); // a screen reader hears one answer, not one a letter
  });
  box.closest("form").addEventListener("submit", function (event) {
    event.preventDefault();
    show();
  });
  document.getElementById("message-example").addEventListener("click", function () {
    box.value = this.dataset.message;
    show();
  });
  box.addEventListener("focus", () => load("error-index.js", () => load("error-answers.js", () => {})));
  box.closest("form").hidden = false;
  show();
})();

/* The title page's box: match a pasted message against window.RAGGED_ERRORS, in the page. */
(function () {
  "use strict";
  var box = document.getElementById("message-box");
  var answer = document.getElementById("message-answer");
  if (!box || !answer) return;

  function link(href, text) {
    var a = document.createElement("a");
    a.href = href;
    a.textContent = text;
    return a;
  }

  function line(tag, text) {
    var e = document.createElement(tag);
    e.textContent = text;
    return e;
  }

  var READ = 20000; // characters at the end of a text that are read
  var RAISED = /\b[A-Z]\w*(?:Error|Exception|Interrupt|Iteration):|Traceback \(most recent/;

  /* As helpers.errors.find: drop terminal colours and fold white space; where something was raised
     no warning is the answer; else the first entry that matches. */
  function find(text) {
    var last = text.slice(-2 * READ).replace(/\x1b\[[0-9;]*m/g, "");
    var folded = last.split(/\s+/).join(" ").trim().slice(-READ);
    var raised = RAISED.test(folded);
    return (window.RAGGED_ERRORS || []).find(function (entry) {
      return !(raised && entry.warns) && new RegExp(entry.pattern).test(folded);
    });
  }

  function show() {
    var text = box.value.trim();
    answer.textContent = "";
    answer.hidden = !text;
    if (!text) return;
    var entry = find(text);
    if (!entry) {
      answer.append(
        line("p", "No entry matches this message. Paste the last lines of the traceback too, or "),
      );
      answer.lastChild.append(link("book/error-index.html", "look through the error index"), ".");
      return;
    }
    var fix = line("p", entry.fix.replace(/`/g, ""));
    var links = line("p", "");
    links.className = "links";
    if (entry.chapter_url) links.append(link(entry.chapter_url, "Read the chapter"), " ");
    links.append(link(entry.url, "Its entry in the error index"));
    answer.append(line("strong", entry.title), fix, links);
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
  box.closest("form").hidden = false;
  show();
})();

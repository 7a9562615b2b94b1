/* A table with controls: sort by a column, find by a word, show one kind. Without script: a table. */
(function () {
  "use strict";
  var table = document.querySelector(".filtered-table");
  var form = document.querySelector(".table-controls");
  if (!table || !form) return;
  var find = form.querySelector("input");
  var choices = Array.from(form.querySelectorAll("select"));
  var count = form.querySelector("output");
  var body = table.tBodies[0];
  var rows = Array.from(body.rows);

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = rows.filter(function (row) {
      var text = (row.textContent + " " + (row.dataset.text || "")).toLowerCase();
      row.hidden =
        choices.some(function (choice) {
          return choice.value && row.dataset[choice.name].split(" ").indexOf(choice.value) < 0;
        }) ||
        !words.every(function (word) { return text.indexOf(word) >= 0; });
      return !row.hidden;
    }).length;
    count.textContent = shown === 1 ? "1 row" : shown + " rows";
  }

  function sort(head, column) {
    var down = head.getAttribute("aria-sort") === "ascending";
    Array.from(head.parentNode.cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var key = function (row) {
      var cell = row.cells[column];
      return (cell.querySelector("b") || cell.firstChild).textContent;
    };
    body.append.apply(body, rows.slice().sort(function (a, b) {
      return key(a).localeCompare(key(b), "en", { numeric: true }) * (down ? -1 : 1);
    }));
  }

  Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", function () { sort(head, column); });
    head.replaceChildren(button);
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  find.addEventListener("input", filter);
  choices.forEach(function (choice) { choice.addEventListener("change", filter); });
  form.hidden = false;
  filter();
  /* Rows that have a page of their own: an old link to the row leads there. */
  function forward() {
    var row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var link = row && row.closest(".messages-table tbody tr") && row.querySelector("th a");
    if (link) location.replace(link.href);
  }
  forward();
  window.addEventListener("hashchange", forward);
  /* A link to a row must show it, whatever was typed before. */
  window.addEventListener("hashchange", function () {
    var row = document.getElementById(location.hash.slice(1));
    if (rows.indexOf(row) >= 0 && row.hidden) {
      find.value = "";
      choices.forEach(function (choice) { choice.value = ""; });
      filter();
      row.scrollIntoView();
    }
  });
})();

/* The decision guide: shows the one route that the answers lead to. Without script all are there.

   Each route is a section of the page, marked by its id; what does not fit is hidden. The answers
   are in the address, as #varies=length&model=attention; #ID of a route leads to that route. */
(function () {
  "use strict";
  var form = document.getElementById("choose");
  var data = document.getElementById("choose-routes");
  if (!form || !data) return;
  var when = JSON.parse(data.textContent);
  var status = document.getElementById("choose-status");
  var showAll = form.elements.all;
  var copy = form.elements.copy;
  var sets = Array.from(form.querySelectorAll("fieldset"));
  var names = sets.map(function (set) { return set.querySelector("input").name; });
  var routes = Object.keys(when).map(function (id) {
    var section = document.getElementById(id).closest("section");
    return { id: id, when: when[id], section: section, group: section.parentNode.closest("section") };
  });
  var groups = Array.from(new Set(routes.map(function (route) { return route.group; })));
  var all = false; // whether all are shown, whatever was answered
  var only = ""; // the id of a route that the address names

  function answers() {
    var given = {};
    names.forEach(function (name) {
      if (form.elements[name].value) given[name] = form.elements[name].value;
    });
    return given;
  }

  function fits(route, given) {
    if (only) return route.id === only;
    return Object.keys(given).every(function (name) {
      return !route.when[name] || route.when[name].indexOf(given[name]) >= 0;
    });
  }

  function title(route) {
    var heading = route.section.querySelector("h3").cloneNode(true);
    heading.querySelectorAll(".headerlink").forEach(function (link) { link.remove(); });
    return heading.textContent.trim();
  }

  function say(found, given) {
    status.textContent = "";
    if (found.length === 1) {
      var link = document.createElement("a");
      link.href = "#" + found[0].id;
      link.textContent = title(found[0]);
      status.append("Your route: ", link);
      return;
    }
    var open = sets.filter(function (set, i) {
      return !given[names[i]] && found.some(function (route) { return route.when[names[i]]; });
    }).map(function (set) { return set.querySelector("legend").textContent; });
    status.textContent = Object.keys(given).length
      ? found.length + " routes are left. Still to answer: " + open.join(" ")
      : "Answer the questions: they lead to one of " + found.length + " routes.";
  }

  function show() {
    var given = answers();
    var found = routes.filter(function (route) { return fits(route, given); });
    var one = found.length === 1 ? found[0] : null;
    var shown = all ? routes : one ? [one] : [];
    var disk = all || given.memory === "no" || !!one && (one.when.memory || []).indexOf("no") >= 0;
    routes.forEach(function (route) { route.section.hidden = shown.indexOf(route) < 0; });
    groups.forEach(function (group) {
      group.hidden = !shown.some(function (route) { return route.group === group; });
      group.querySelectorAll(".from-disk").forEach(function (part) { part.hidden = !disk; });
    });
    showAll.textContent = all ? "Show only my route" : "Show all routes";
    copy.hidden = all || !one || !one.section.querySelector("pre");
    copy.textContent = "Copy the whole script";
    say(found, given);
    window.dispatchEvent(new Event("resize")); // the theme looks again which code scrolls
  }

  function read() {
    var text = decodeURIComponent(location.hash.slice(1));
    var inside = text && document.getElementById(text);
    only = "";
    if (when[text]) {
      only = text;
      all = false;
      fill(function (name) { return (when[text][name] || []).length === 1 ? when[text][name][0] : ""; });
    } else if (text.indexOf("=") > 0) {
      var given = new URLSearchParams(text);
      all = false;
      fill(function (name) { return given.get(name) || ""; });
    } else if (groups.some(function (group) { return inside && group.contains(inside); })) {
      all = true; // a link to a section, or to something in it
    }
    show();
    if (inside) inside.scrollIntoView();
  }

  function fill(answer) {
    names.forEach(function (name) {
      form.elements[name].forEach(function (button) { button.checked = button.value === answer(name); });
    });
  }

  function remember() {
    try {
      history.replaceState(null, "", "#" + new URLSearchParams(answers()));
    } catch (error) { /* an address that cannot be changed */ }
  }

  /* All code of the page that shows: what makes the data, then the route. */
  function script() {
    return groups.filter(function (group) { return !group.hidden; }).flatMap(function (group) {
      return Array.from(group.querySelectorAll("pre")).filter(function (pre) {
        return !pre.closest("[hidden]");
      }).map(function (pre) { return pre.textContent.trim() + "\n"; });
    }).join("\n");
  }

  function put(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    var box = document.createElement("textarea"); // from disk there is no clipboard
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    return Promise.resolve();
  }

  form.addEventListener("change", function () {
    only = "";
    all = false;
    remember();
    show();
  });
  form.addEventListener("reset", function () {
    setTimeout(function () { // when the browser has emptied the form
      only = "";
      all = false;
      remember();
      show();
    });
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  showAll.addEventListener("click", function () {
    all = !all;
    show();
  });
  copy.addEventListener("click", function () {
    put(script()).then(function () {
      copy.textContent = "Copied";
      copy.focus();
    });
  });
  window.addEventListener("hashchange", read);
  form.hidden = false;
  read();
})();

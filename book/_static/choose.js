/* The decision guide: shows the one route that the answers lead to. Without script all are there.

   Each route is a section of the page, marked by a span with its id; what does not fit is hidden.
   The answers are in the address, as #varies=length&model=attention; #ID of a route shows that. */
(function () {
  "use strict";
  var form = document.getElementById("choose");
  var data = document.getElementById("choose-routes");
  if (!form || !data) return;
  var when = JSON.parse(data.textContent);
  var status = document.getElementById("choose-status");
  var showAll = form.elements.all;
  var names = Array.from(form.querySelectorAll("fieldset")).map(function (set) {
    return set.querySelector("input").name;
  });
  var routes = Object.keys(when).map(function (id) {
    var section = document.getElementById(id).closest("section");
    return { id: id, when: when[id], section: section, group: section.parentNode.closest("section") };
  });
  var groups = routes.map(function (route) { return route.group; }).filter(function (group, i, all) {
    return all.indexOf(group) === i;
  });
  var lists = Array.from(document.querySelectorAll(".bd-sidebar-secondary, .sidebar-secondary-item"));
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
    return Object.keys(given).every(function (name) {
      return !route.when[name] || route.when[name].indexOf(given[name]) >= 0;
    });
  }

  function title(route) {
    var copy = route.section.querySelector("h3").cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach(function (link) { link.remove(); });
    return copy.textContent.trim();
  }

  function say(found, given) {
    status.textContent = "";
    if (only || found.length === 1) {
      var link = document.createElement("a");
      link.href = "#" + found[0].id;
      link.textContent = title(found[0]);
      status.append("Your route: ", link, ".");
      return;
    }
    var open = names.filter(function (name) {
      return !given[name] && found.some(function (route) { return route.when[name]; });
    });
    var number = found.length + " routes " + (Object.keys(given).length ? "are left" : "in all") + ". ";
    var asks = open.map(function (name) {
      return "“" + form.elements[name][0].closest("fieldset").querySelector("legend").textContent + "”";
    });
    status.textContent = number + "Still to answer: " + asks.join(", ") + ".";
  }

  function show() {
    var given = answers();
    var found = routes.filter(function (route) { return only ? route.id === only : fits(route, given); });
    var one = found.length === 1 ? found[0] : null;
    var shown = all ? routes : one ? [one] : [];
    routes.forEach(function (route) { route.section.hidden = shown.indexOf(route) < 0; });
    groups.forEach(function (group) {
      group.hidden = !shown.some(function (route) { return route.group === group; });
      group.querySelectorAll(".from-disk").forEach(function (set) {
        set.hidden = !all && Boolean(one) && given.memory !== "no" && !disk(one);
      });
    });
    lists.forEach(function (list) { list.classList.toggle("choose-hidden", !all); });
    showAll.setAttribute("aria-pressed", String(all));
    showAll.textContent = all ? "Show my route only" : "Show all routes";
    say(found, given);
  }

  function disk(route) { return (route.when.memory || []).indexOf("no") >= 0; }

  function read() {
    var text = decodeURIComponent(location.hash.slice(1));
    var inside = text && document.getElementById(text);
    only = "";
    if (when[text]) {
      only = text;
      fill(function (name) { return (when[text][name] || []).length === 1 ? when[text][name][0] : ""; });
    } else if (inside && groups.some(function (group) { return group === inside || group.contains(inside); })) {
      all = true; // a link to a section or to something in it
    } else if (text.indexOf("=") > 0) {
      var given = new URLSearchParams(text);
      fill(function (name) { return given.get(name) || ""; });
    } else {
      return show();
    }
    show();
    if (inside) inside.scrollIntoView();
  }

  function fill(answer) {
    names.forEach(function (name) {
      form.elements[name].forEach(function (button) { button.checked = button.value === answer(name); });
    });
  }

  function write() {
    history.replaceState(null, "", "#" + new URLSearchParams(answers()));
  }

  form.addEventListener("change", function () {
    only = "";
    all = false;
    write();
    show();
  });
  form.addEventListener("reset", function (event) {
    event.preventDefault();
    fill(function () { return ""; });
    only = "";
    all = false;
    history.replaceState(null, "", location.pathname + location.search);
    show();
  });
  showAll.addEventListener("click", function () {
    all = !all;
    show();
  });
  window.addEventListener("hashchange", read);
  form.hidden = false;
  read();
})();

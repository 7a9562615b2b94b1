/* The page of the planner: reads the form, lets a worker plan, shows what comes out.

   Nothing leaves the page. The work is planner.js's; a worker is made from its own text, so that
   the page also works from disk. */
(function () {
  "use strict";

  var form = document.getElementById("planner");
  if (!form) return;
  var FEW = 200; // lengths that the address holds
  var LONG = 50000; // characters that are kept beside the box: it would be slow with them
  var LINES = 50; // a browser takes seconds to paste a thousand into a box, but not to set them
  var MODELS = { steps: "steps of a recurrent layer", linear: "cells", quadratic: "pairs of cells" };
  var box = form.elements.lengths;
  var file = form.elements.file;
  var status = document.getElementById("planner-status");
  var result = document.getElementById("planner-result");
  var held = null; // a long text, which the box does not show
  var asked = 0; // the number of the last question
  var shown = 0; // that of the last answer
  var sent = null; // the text that the worker has

  function number(value) { return value.toLocaleString("en"); }

  function over(value) {
    return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }

  function element(tag, text, name) {
    var e = document.createElement(tag);
    if (text) e.textContent = text;
    if (name) e.className = name;
    return e;
  }

  // The worker, or this thread where there can be none

  var here = { rows: null };

  function answer(state, message, planner) {
    if (message.text !== undefined) state.rows = planner.read(message.text);
    if (state.rows.error) return { id: message.id, error: state.rows.error };
    var lengths = state.rows.lengths;
    if (!lengths.length) return { id: message.id, none: true };
    var found = planner.plan(lengths, message.choice);
    found.id = message.id;
    found.few = lengths.length <= message.few ? Array.from(lengths) : null;
    return found;
  }

  var worker; // undefined until the first question, null where there can be none
  function employ() {
    var source = "var state = { rows: null }, planner = (" + window.raggedPlanner.source + ")(), " +
      "answer = " + answer + ";" +
      "onmessage = function (event) { postMessage(answer(state, event.data, planner)); };";
    try {
      worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    } catch (error) {
      worker = null;
      return;
    }
    worker.onmessage = function (event) { show(event.data); };
    worker.onerror = function () {
      worker = null;
      sent = null;
      ask();
    };
  }

  // Asking

  /* A whole number of a field, null if it is empty; or NaN, and the sentence is shown. */
  function whole(name, label, least, most) {
    var text = form.elements[name].value.replace(/[\s,_]/g, "");
    if (!text && name === "cells") return null;
    var value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    complain(label + ": expected a whole number from " + number(least) + " to " + number(most) + ", got " +
      (form.elements[name].value.trim() || "nothing") + ".", form.elements[name]);
    return NaN;
  }

  function complain(text, field) {
    result.hidden = true;
    status.textContent = text;
    status.classList.add("wrong");
    field.setAttribute("aria-invalid", "true");
  }

  function ask() {
    asked += 1;
    [box, form.elements.batch, form.elements.cells].forEach(function (field) {
      field.removeAttribute("aria-invalid");
    });
    status.classList.remove("wrong");
    var batch = whole("batch", "Batch size", 1, 1000000);
    if (Number.isNaN(batch)) return;
    var cells = whole("cells", "Most cells", 1, Number.MAX_SAFE_INTEGER);
    if (Number.isNaN(cells)) return;
    var choice = { kind: form.elements.model.value, batch: batch, cells: cells, jit: form.elements.jit.checked };
    var text = held === null ? box.value : held.text;
    var message = { id: asked, choice: choice, few: FEW };
    if (text !== sent) message.text = text;
    sent = text;
    if (worker === undefined) employ();
    if (!worker) return show(answer(here, message, window.raggedPlanner));
    worker.postMessage(message);
    setTimeout(function () {
      if (shown !== message.id && asked === message.id) status.textContent = "Planning …";
    }, 1000);
  }

  // Showing

  function show(found) {
    if (found.id !== asked) return;
    shown = found.id;
    if (found.error) {
      complain(found.error, /^Most cells/.test(found.error) ? form.elements.cells : box);
      return;
    }
    result.hidden = Boolean(found.none);
    status.textContent = "";
    if (found.none) return;
    var best = found.options[found.best], first = found.options[0];
    var line = number(found.n) + (found.n === 1 ? " length" : " lengths") + ": take " + best.name + ", " +
      over(best.over) + " times the ideal, " + amount(best.shapes) + ".";
    if (best !== first) line += " One length for all costs " + over(first.over) + " times.";
    status.textContent = line;
    result.replaceChildren();
    var place = element("figure", "", "re-figure");
    result.append(place, table(found, pick));
    var code = element("div");
    result.append(code);
    pick(found.best);
    remember(found.few);

    function pick(i) {
      place.replaceChildren(picture(found, found.options[i]), caption(found, found.options[i]));
      code.replaceChildren();
      codes(code, found.options[i]);
    }
  }

  function amount(shapes) { return number(shapes) + (shapes === 1 ? " shape" : " shapes"); }

  function table(found, pick) {
    var room = element("div", "", "planner-table");
    var all = element("table", "", "table"), body = element("tbody");
    var head = element("tr");
    ["Plan", "Cost over the ideal", "Shapes to compile"].forEach(function (text) {
      var cell = element("th", text);
      cell.scope = "col";
      head.append(cell);
    });
    all.append(element("caption", "The ideal, 1.00: the same " + MODELS[form.elements.model.value] +
      " without padding, in full batches. Choose a plan to see its edges and its code."));
    all.append(element("thead"), body);
    all.tHead.append(head);
    found.options.forEach(function (option, i) {
      var row = element("tr"), name = element("th"), label = element("label"), radio = element("input");
      name.scope = "row";
      radio.type = "radio";
      radio.name = "planner-plan";
      radio.checked = i === found.best;
      radio.addEventListener("change", function () { pick(i); });
      label.append(radio, " " + option.name);
      name.append(label);
      if (i === found.best) {
        row.className = "best";
        name.append(" ", element("strong", "recommended"));
      }
      row.append(name, element("td", over(option.over)), element("td", number(option.shapes)));
      body.append(row);
    });
    room.append(all);
    return room;
  }

  function svg(tag, attributes, text) {
    var e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (name) { e.setAttribute(name, attributes[name]); });
    if (text) e.textContent = text;
    return e;
  }

  function picture(found, option) {
    var bars = found.bars, wide = Math.max(280, Math.min(640, result.clientWidth || 640));
    var tall = 150, floor = 122, most = Math.max.apply(null, bars.counts);
    var span = bars.counts.length * bars.width, x = function (value) { return (value - bars.low) / span * wide; };
    var drawn = svg("svg", { "class": "re-drawing", role: "img", width: wide, height: tall,
      viewBox: "0 0 " + wide + " " + tall, "aria-label": told(found, option) });
    var path = bars.counts.map(function (count, i) {
      if (!count) return "";
      var high = Math.max(1.5, (floor - 24) * count / most);
      return "M" + (x(bars.low + i * bars.width) + 0.5).toFixed(2) + " " + floor + "v" + (-high).toFixed(2) +
        "h" + Math.max(0.5, wide / bars.counts.length - 1).toFixed(2) + "v" + high.toFixed(2) + "z";
    }).join("");
    drawn.append(svg("path", { d: path, style: "fill:var(--shape-time)" }));
    drawn.append(svg("path", { d: "M0 " + floor + "h" + wide, style: "stroke:var(--shape-muted)" }));
    var edges = (option.edges || []).map(function (edge) {
      return "M" + Math.min(wide - 1, x(edge + 1)).toFixed(2) + " 20V" + (floor + 5);
    }).join("");
    drawn.append(svg("path", { d: edges, style: "stroke:var(--shape-ink);stroke-width:1.5;stroke-dasharray:4 2" }));
    var look = "font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:var(--shape-ink)";
    drawn.append(svg("text", { x: 1, y: 13, style: look }, "up to " + number(most) + " rows a bar"));
    drawn.append(svg("text", { x: 1, y: 142, style: look }, number(bars.low)));
    drawn.append(svg("text", { x: wide - 2, y: 142, style: look, "text-anchor": "end" },
      number(bars.high) + " steps"));
    return drawn;
  }

  function told(found, option) {
    var bars = found.bars;
    return "Histogram of " + number(found.n) + " lengths, " + number(bars.low) + " to " + number(bars.high) +
      ". Half are at most " + number(bars.half) + ", nine of ten at most " + number(bars.most) + "." +
      (option.edges ? " Edges: " + option.edges.map(number).join("; ") + "." : "");
  }

  function caption(found, option) {
    var bars = found.bars, line = element("figcaption");
    line.append(element("strong", "Your lengths."), " Half are at most " + number(bars.half) +
      ", nine of ten at most " + number(bars.most) + "." +
      (option.edges ? " Dashed: the edges of " + option.name + "." : ""));
    return line;
  }

  function listed(values) { return "[" + values.join(", ") + "]"; }

  /* The code of a plan: with helpers, and with tf.data alone. */
  function codes(place, option) {
    var names = Array.from(new Set(option.code.match(/\b\w+(?=\()/g).filter(function (name) {
      return name !== "len";
    })));
    place.append(element("p", "With the helpers of this book:"));
    block(place, "from helpers.batching import " + names.sort().join(", ") + "\n\nplan = " + option.code);
    if (option.edges) {
      place.append(element("p", "With the same edges, tf.data alone; every batch is padded to its edge:"));
      block(place, "import tensorflow as tf\n\nbatches = pairs.shuffle(10_000).bucket_by_sequence_length(\n" +
        "    lambda row, target: tf.shape(row)[0],\n" +
        "    bucket_boundaries=" + listed(option.edges.map(function (edge) { return edge + 1; })) +
        ",  # each edge and 1: a row is shorter\n" +
        "    bucket_batch_sizes=" + listed(option.sizes.concat([1])) + ",  # the last: of longer rows, none\n" +
        "    pad_to_bucket_boundary=True,\n)");
    } else if (option.size) {
      place.append(element("p", "With tf.data alone:"));
      block(place, "batches = pairs.shuffle(10_000).padded_batch(" + option.size + ")");
    } else {
      place.append(element("p", "tf.data alone has no such batches. For its bucket_by_sequence_length choose " +
        "a plan with buckets."));
    }
  }

  function block(place, text) {
    var room = element("div", "", "code"), pre = element("pre", text), button = element("button", "Copy");
    button.type = "button";
    button.addEventListener("click", function () {
      copy(pre).then(function () { button.textContent = "Copied"; });
    });
    room.append(button, pre);
    place.append(room);
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
  }

  function copy(pre) {
    if (navigator.clipboard) return navigator.clipboard.writeText(pre.textContent);
    getSelection().selectAllChildren(pre); // from disk there is no clipboard
    return Promise.resolve(document.execCommand("copy"));
  }

  // The address: what is chosen, and the lengths if they are few

  function remember(few) {
    var state = new URLSearchParams({ model: form.elements.model.value, batch: form.elements.batch.value });
    if (form.elements.cells.value.trim()) state.set("cells", form.elements.cells.value.trim());
    if (form.elements.jit.checked) state.set("jit", "1");
    var text = "#" + state + (few ? "&lengths=" + few.join(",") : "");
    try {
      history.replaceState(null, "", text);
    } catch (error) { /* an address that cannot be changed */ }
  }

  function recall() {
    var state = new URLSearchParams(location.hash.slice(1));
    if (!state.has("model") && !state.has("lengths")) return;
    if (state.get("model") in MODELS) form.elements.model.value = state.get("model");
    form.elements.batch.value = state.get("batch") || "32";
    form.elements.cells.value = state.get("cells") || "";
    form.elements.jit.checked = state.get("jit") === "1";
    if (state.has("lengths")) {
      release();
      box.value = state.get("lengths");
    }
    ask();
  }

  // The box, files and the example

  function hold(text, name) {
    held = { text: text };
    box.value = "";
    box.placeholder = name + ": " + number(text.length) + " characters, kept beside this box";
    ask();
  }

  function release() {
    held = null;
    file.value = "";
    box.placeholder = box.dataset.hint;
  }

  function load(some) {
    some.text().then(function (text) { hold(text, some.name); });
  }

  /* Lengths as texts have them: many short, few long; the same each time. */
  function example() {
    var seed = 1, lengths = [];
    function draw() {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    }
    while (lengths.length < 1000) {
      var z = -6;
      for (var i = 0; i < 12; i++) z += draw();
      lengths.push(Math.max(1, Math.round(Math.exp(3.7 + 0.7 * z))));
    }
    return lengths.join("\n");
  }

  var waiting;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200); // a screen reader hears one answer, not one a letter
  }

  box.dataset.hint = box.placeholder;
  box.addEventListener("input", function () {
    if (held) release();
    soon();
  });
  /* Whether a text that comes was taken here, since the browser would be slow with it. */
  function takes(text, name) {
    if (text.length >= LONG) {
      hold(text, name);
    } else if (text.split("\n").length > LINES) {
      if (held) release();
      box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      soon();
    } else {
      return false;
    }
    return true;
  }

  box.addEventListener("paste", function (event) {
    var data = event.clipboardData;
    if (data && takes(data.getData("text"), "what you pasted")) event.preventDefault();
  });
  box.addEventListener("dragover", function (event) { event.preventDefault(); });
  box.addEventListener("drop", function (event) {
    var data = event.dataTransfer;
    if (data.files.length) load(data.files[0]);
    else if (!takes(data.getData("text"), "what you dropped")) return;
    event.preventDefault();
  });
  file.addEventListener("change", function () { if (file.files.length) load(file.files[0]); });
  ["model", "jit"].forEach(function (name) { form.elements[name].addEventListener("change", ask); });
  ["batch", "cells"].forEach(function (name) { form.elements[name].addEventListener("input", soon); });
  form.elements.example.addEventListener("click", function () {
    release();
    box.value = example();
    ask();
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    ask();
  });
  window.addEventListener("hashchange", recall);
  form.hidden = false;
  document.getElementById("planner-needs").hidden = true;
  recall();
})();

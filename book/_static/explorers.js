/* Explorers that move continuously: what is whole and quickly computed is drawn here, by the rule of
   helpers/explore, for values between those whose frames the page has stored. A test compares each
   drawing with Python's. Without this script an explorer shows its stored frames. */
(function () {
  "use strict";
  var COLOURS = {
    batch: "#0072B2",
    "on-batch": "#FFFFFF",
    error: "#D55E00",
    panel: "#FFFFFF"
  };

  function css(role) { return "var(--shape-" + role + "," + COLOURS[role] + ")"; }

  /* The nearest whole number, of two the even one, as Python rounds. */
  function whole(value) {
    var low = Math.floor(value), rest = value - low;
    return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  }

  /* A number as SVG wants it: at most two decimals, no trailing zeros. Odd eighths lie just between
     two. */
  function px(value) {
    var near = Math.abs(value * 8 % 2) === 1 ? whole(value * 100) / 100 : value;
    var text = near.toFixed(2).replace(/0+$/, "").replace(/\.$/, "");
    return text === "-0" ? "0" : text;
  }

  function write(x, y, words) {
    return '<text x="' + px(x) + '" y="' + px(y + 4) + '">' + words + "</text>";
  }

  function amount(count, one, many) {
    return count + " " + (count === 1 ? one : many || one + "s");
  }

  function percent(share) { return whole(share * 100) + "%"; }

  /* Python's format g. */
  function general(value) { return String(Number(value.toPrecision(6))); }

  /* What becomes of the last batch */

  function tail(choice) {
    var size = choice[0], rows = choice[1], way = choice[2];
    var full = Math.floor(rows / size), rest = rows % size, short = rest ? size - rest : 0;
    var lines = [], i;
    for (i = 0; i < full; i++) lines.push([size, 0, 0]); /* rows, rows again, padding */
    if (rest && way === "keep") lines.push([rest, 0, 0]);
    if (rest && way === "pad") lines.push([rest, 0, short]);
    if (rest && way === "wrap") lines.push([rest, short, 0]);
    var unseen = way === "drop" ? rest : 0, again = way === "wrap" ? short : 0;
    var last = lines[lines.length - 1], extra = [];
    if (last[1]) extra.push(last[1] + " repeated");
    if (last[2]) extra.push(last[2] + " padding slots");
    var said = 'tail="' + way + '": ' + amount(rows, "row") + " in batches of " + size + ": " +
      amount(lines.length, "batch", "batches") + ", " + amount(last[0], "row") + " in the last" +
      (extra.length ? " and " + extra.join(" and ") : "") + "; " +
      (unseen ? amount(unseen, "row") + " never seen" : "every row is seen") + ", " +
      (again ? again + " seen twice." : "none seen twice.");
    var verdict = rest ? {
      keep: "the last batch has " + amount(rest, "row"),
      drop: amount(rest, "row") + " never seen",
      pad: short + " slots of the last batch are padding",
      wrap: amount(short, "row") + " seen twice"
    }[way] : "every batch is full";

    var left = 58, cell = Math.min(14, 162 / size), y = 10, runs = ["", "", ""], bars = "", texts = "";
    function strip(path, paint, tall, gap) {
      return path && '<path style="fill:none;stroke:' + paint + ";stroke-width:" + px(tall) +
        ";stroke-dasharray:" + px(cell - gap) + " " + px(gap) + '" d="' + path + '"/>';
    }
    lines.forEach(function (line, i) {
      var start = 0, words = [];
      line.forEach(function (count, kind) {
        if (!count) return;
        var x = "M" + px(left + start * cell) + " ", run = "h" + px(count * cell - 1);
        runs[kind] += x + px(y) + run;
        if (kind === 1) bars += x + px(y - 3.5) + run;
        words.push(kind ? count + [, " again", " padding"][kind] : amount(count, "row"));
        start += count;
      });
      texts += write(4, y, "batch " + (i + 1)) + write(left + start * cell + 6, y, words.join(" + "));
      y += 17;
    });
    var body = strip(runs[0] + runs[1], css("batch"), 12, 1) + strip(bars, css("on-batch"), 2, 1) +
      strip(runs[2], "url(#hatch)", 12, 1);
    if (unseen) {
      y += 2;
      body += strip("M" + px(left) + " " + px(y) + "h" + px(unseen * cell - 1), css("error"), 12, 1) +
        strip("M" + px(left + 1.5) + " " + px(y) + "h" + px(unseen * cell - 2.5), css("panel"), 9, 4);
      texts += write(left + unseen * cell + 6, y, unseen + " never seen");
    }
    return [said, '<text x="4" y="14" font-weight="700">' + verdict +
      '</text><g transform="translate(0 18)">' + body + texts + "</g>"];
  }

  /* Photographs */

  function bytes(text) {
    return Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  }

  function big(value) { return [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]; }

  function chunk(kind, data) {
    var body = bytes(btoa(kind)).concat(data), crc = -1;
    body.forEach(function (byte) {
      crc ^= byte;
      for (var bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
    });
    return big(data.length).concat(body, big(~crc));
  }

  /* A PNG of 16 greys, stored without compression, of pixels from 0 to 1. */
  function png(pixels, wide) {
    var high = pixels.length / wide, raw = [], low = 1, sum = 0;
    for (var row = 0; row < high; row++) {
      raw.push(0);
      for (var x = 0; x < wide; x += 2) {
        var pair = [0, 1].map(function (i) {
          var grey = x + i < wide ? Math.floor(pixels[row * wide + x + i] * 15 + 0.501) : 0;
          return Math.min(Math.max(grey, 0), 15);
        });
        raw.push(pair[0] << 4 | pair[1]);
      }
    }
    raw.forEach(function (byte) { low = (low + byte) % 65521; sum = (sum + low) % 65521; });
    var count = raw.length, not = count ^ 0xffff;
    var stored = [0x78, 1, 1, count & 255, count >> 8, not & 255, not >> 8]
      .concat(raw, big(sum * 65536 + low));
    var file = [137, 80, 78, 71, 13, 10, 26, 10].concat(
      chunk("IHDR", big(wide).concat(big(high), [4, 0, 0, 0, 0])), chunk("IDAT", stored), chunk("IEND", []));
    return "data:image/png;base64," + btoa(String.fromCharCode.apply(null, file));
  }

  /* The value range of a layer: of a stored frame the words and the photograph after are new. */
  function valueRange(given, explorer) {
    var pixels = bytes(given).map(function (byte) { return byte / 255; });
    var frame = explorer.stored(0)[1], wide = Number(frame.match(/<image width="(\d+)"/)[1]);
    var ahead = frame.indexOf("<g transform"), after = frame.lastIndexOf('href="') + 6;
    return function (choice) {
      var high = choice[0], drawn = choice[1], black = 0, bright = 0;
      var greys = pixels.map(function (pixel) {
        var now = Math.min(Math.max(pixel + drawn * high, 0), high);
        if (now <= 0) black++;
        if (now > 1) bright++;
        return Math.min(now, 1);
      });
      var told = "added to each pixel: " + general(drawn) + " × " + high + " = " + general(drawn * high);
      var share = "black " + percent(black / pixels.length) +
        ", brighter than white " + percent(bright / pixels.length);
      return [
        "value_range=(0, " + high + "), drawn " + general(drawn) + ": " + told + "; " + share + ".",
        '<text x="4" y="14" font-weight="700">' + told + '</text><text x="4" y="32">' + share + "</text>" +
          frame.slice(ahead, after) + png(greys, wide) + frame.slice(frame.indexOf('"', after))
      ];
    };
  }

  var RULES = {
    tail: function () { return tail; },
    value_range: valueRange
  };

  document.querySelectorAll("figure.re-explorer").forEach(function (figure) {
    var explorer = figure.explorer, rule = explorer && explorer.data.rule;
    if (!rule || !RULES[rule.name]) return;
    var hatch = figure.querySelector("pattern").id;
    explorer.inputs.forEach(function (input, i) {
      if (input.type !== "range") return;
      var value = explorer.data.values[i][input.value];
      input.max = rule.fine[i].length - 1;
      input.value = rule.fine[i].indexOf(value);
      explorer.data.values[i] = rule.fine[i];
    });
    var draw = RULES[rule.name](rule.given, explorer);
    explorer.draw = function (choice) {
      var frame = draw(choice);
      return [frame[0], frame[1].replaceAll("url(#hatch)", "url(#" + hatch + ")")];
    };
    explorer.show();
  });
})();

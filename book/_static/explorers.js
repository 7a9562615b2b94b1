/* Explorers that move continuously: what is whole and quickly computed is drawn here, by the rule of
   helpers/explore, for values between those whose frames the page has stored. A test compares each
   drawing with Python's. Without this script an explorer shows its stored frames. */
(function () {
  "use strict";
  var COLOURS = {
    batch: "#0072B2",
    time: "#E69F00",
    features: "#009E73",
    height: "#CC79A7",
    width: "#56B4E9",
    padding: "#6E7781",
    error: "#D55E00",
    ink: "#1F2328",
    muted: "#57606A",
    "on-batch": "#FFFFFF",
    panel: "#FFFFFF"
  };

  function css(role) { return "var(--shape-" + role + "," + COLOURS[role] + ")"; }

  /* The nearest whole number, of two the even one, as Python rounds. */
  function whole(value) {
    var low = Math.floor(value), rest = value - low;
    return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  }

  /* One or two decimals: odd quarters, or eighths, lie just between two numbers. */
  function fixed(value, digits) {
    var scale = Math.pow(10, digits), ties = digits === 2 ? 8 : 4;
    return (Math.abs(value * ties % 2) === 1 ? whole(value * scale) / scale : value).toFixed(digits);
  }

  /* A number as SVG wants it: at most two decimals, no trailing zeros. */
  function px(value) {
    var text = fixed(value, 2).replace(/0+$/, "").replace(/\.$/, "");
    return text === "-0" ? "0" : text;
  }

  function rects(boxes, look) {
    var path = boxes.map(function (box) {
      return "M" + px(box[0]) + " " + px(box[1]) + "h" + px(box[2]) + "v" + px(box[3]) +
        "h" + px(-box[2]) + "z";
    }).join("");
    return path && '<path style="' + look + '" d="' + path + '"/>';
  }

  function capital(text) { return text[0].toUpperCase() + text.slice(1).toLowerCase(); }

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

  /* Which axis a layer leaves free */

  function stroke(role, d, wide) {
    return '<path style="fill:none;stroke:' + css(role) + ";stroke-width:" + wide + '" d="' + d + '"/>';
  }

  function block(left, sizes) {
    var rows = sizes[0], columns = sizes[1] || 1, depth = sizes[2] || 0, cell = 11, top = 64;
    var wide = columns * cell, high = rows * cell, into = "l" + depth * 5 + " -" + depth * 4, grid = "";
    for (var j = 0; j <= rows; j++) grid += "M" + left + " " + (top + j * cell) + "h" + wide;
    for (var i = 0; i <= columns; i++) grid += "M" + (left + i * cell) + " " + top + "v" + high;
    for (var k = 1; k <= depth; k++) {
      grid += "M" + (left + k * 5) + " " + (top - k * 4) + "h" + wide + "v" + high;
    }
    for (i = 0; depth && i <= columns; i++) grid += "M" + (left + i * cell) + " " + top + into;
    for (j = 1; depth && j <= rows; j++) grid += "M" + (left + wide) + " " + (top + j * cell) + into;
    return stroke("ink", grid, 1) + stroke("batch", "M" + (left - 5) + " " + top + "v" + high, 4) +
      (sizes[1] ? stroke("time", "M" + left + " " + (top + high + 5) + "h" + wide, 4) : "") +
      (depth ? stroke("features", "M" + (left + wide + 5) + " " + (top + high + 2) + into, 4) : "");
  }

  /* Words in lines of at most so many letters. */
  function wrapped(text, letters) {
    var lines = [];
    text.split(" ").filter(Boolean).forEach(function (word) {
      var last = lines.length - 1;
      if (last >= 0 && lines[last].length + 1 + word.length <= letters) lines[last] += " " + word;
      else lines.push(word);
    });
    return lines;
  }

  function shape(layers) {
    function words(sizes) {
      return "(" + sizes.filter(function (size) { return size !== null; }).join(", ") + ")";
    }
    return function (choice) {
      var layer = layers[choice[0]], fates = layer.fates, axes = ["batch", "time", "features"];
      var sizes = { batch: choice[1], time: choice[2], features: choice[3], "time - 2": choice[2] - 2 }, wrong = [];
      var given = choice.slice(1, 3).concat(/^none/.test(fates[2]) ? null : choice[3]), message = "";
      layer.limits.forEach(function (limit) {
        var got = limit[0].reduce(function (product, axis) { return product * sizes[axis]; }, 1);
        if (message || got === limit[1]) return;
        var seen = words(limit[0].length > 1 ? [choice[1], got] : choice.slice(1));
        wrong = limit[0];
        message = limit[2].replace("{wanted}", limit[1]).replace("{shape}", seen)
          .replace("{batch}", choice[1]).replace("{features}", choice[3]);
      });
      var out = layer.out.map(function (axis) { return sizes[axis] || axis; });
      var verdict = words(given) + (message ? " raises" : " becomes " + words(out)), y = 138;
      var body = '<text x="4" y="14" font-weight="700">' + verdict + "</text>" + block(14, given);
      if (!message) body += block(212, out) + stroke("muted", "M178 78h16m-5 -4l5 4l-5 4", 1.5);
      axes.forEach(function (axis, i) {
        if (wrong.includes(axis)) body += stroke("error", "M1 " + (y - 13) + "h264v17h-264z", 2);
        body += stroke(axis, "M5 " + (y - 4) + "h14", 4) + '<text x="24" y="' + y +
          '" font-weight="700">' + axis + '<tspan font-weight="400">: ' + fates[i] + "</tspan></text>";
        y += 18;
      });
      wrapped(message, 52).forEach(function (line) {
        body += '<text x="4" y="' + (y + 4) + '">' + line + "</text>";
        y += 16;
      });
      return [choice[0] + ": " + verdict + (message && ": ") + message.replace(/\.$/, "") + ". " +
        axes.map(function (axis, i) { return axis + " " + fates[i]; }).join("; ") + ".", body];
    };
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

  /* One image on its way into a slot */

  function resized(pixels, size, to) {
    [0, 1].forEach(function (axis) {
      var count = size[axis], across = axis ? to[0] : size[1], out = [];
      function at(i, j) { return pixels[axis ? j * size[1] + i : i * size[1] + j]; }
      for (var k = 0; k < to[axis]; k++) {
        var middle = Math.min(Math.max((k + 0.5) * count / to[axis] - 0.5, 0), count - 1);
        var low = Math.floor(middle), share = middle - low, above = Math.min(low + 1, count - 1);
        for (var j = 0; j < across; j++) {
          out[axis ? j * to[1] + k : k * across + j] = at(low, j) * (1 - share) + at(above, j) * share;
        }
      }
      pixels = out;
      size = axis ? to : [to[0], size[1]];
    });
    return pixels;
  }

  function part(pixels, wide, box) { /* top, left, bottom, right */
    return pixels.filter(function (pixel, i) {
      var row = Math.floor(i / wide), column = i % wide;
      return row >= box[0] && row < box[2] && column >= box[1] && column < box[3];
    });
  }

  var SCALE = 1.15;

  function roomOf(photo) {
    var words = ["height", "width"].map(function (axis, i) {
      return axis + " " + photo.size[i] + (photo.slot[i] > photo.size[i] ? " of " + photo.slot[i] : "");
    });
    var rooms = words.map(function (text) { return 14 + 6.4 * text.length; });
    return [Math.max.apply(null, rooms.concat(7.3 * photo.name.length, 6 + photo.slot[1] * SCALE)), words];
  }

  function photograph(photo, x, words) {
    var top = 56, left = x + 6, h = photo.size[0] * SCALE, w = photo.size[1] * SCALE;
    var high = photo.slot[0] * SCALE, wide = photo.slot[1] * SCALE;
    var body = rects([[x, top, 4, h]], "fill:" + css("height")) +
      rects([[left, top - 6, w, 4]], "fill:" + css("width")) +
      rects([[x, top - 17, 10, 4]], "fill:" + css("width")) + write(x + 14, top - 15, words[1]) +
      rects([[x + 3, top - 36, 4, 10]], "fill:" + css("height")) + write(x + 14, top - 31, words[0]) +
      '<text x="' + px(x) + '" y="' + px(top - 43) + '" font-weight="700">' + photo.name + "</text>" +
      '<g transform="translate(' + px(left) + " " + px(top) + ")scale(" + SCALE + ')"><image width="' +
      photo.size[1] + '" height="' + photo.size[0] + '" style="image-rendering:pixelated" href="' +
      png(photo.pixels, photo.size[1]) + '"/></g>' +
      rects([[left + w, top, wide - w, h], [left, top + h, wide, high - h]].filter(function (box) {
        return box[2] && box[3];
      }), "fill:url(#hatch)") +
      rects([[left, top, wide, high]], "fill:none;stroke:" + css("padding") + ";stroke-width:1");
    if (photo.kept) {
      var box = photo.kept.map(function (n, i) { return px((i % 2 ? left : top) + n * SCALE); });
      [["panel", 4], ["ink", 2]].forEach(function (line) {
        body += '<path style="fill:none;stroke:' + css(line[0]) + ";stroke-width:" + line[1] + '" d="M' +
          box[1] + " " + box[0] + "H" + box[3] + "V" + box[2] + "H" + box[1] + 'z"/>';
      });
    }
    return body;
  }

  function fit(given) {
    var crops = {};
    Object.keys(given).forEach(function (name) {
      crops[name] = { size: given[name].size, pixels: bytes(given[name].pixels) };
    });
    return function (choice) {
      var name = choice[0], way = choice[1], side = choice[2];
      var pixels = crops[name].pixels, size = crops[name].size, slot = [side, side];
      var real = size, after = pixels, kept = null, scales = [1, 1], room;
      function product(pair) { return pair[0] * pair[1]; }
      function least(n, i) { return Math.min(n, size[i]); }
      if (way === "resize" || way === "letterbox") {
        real = slot;
        if (way === "letterbox") {
          var rounded = function (over, under) { return Math.max(1, Math.floor((2 * over + under) / (2 * under))); };
          real = size[1] <= size[0] ? [side, rounded(size[1] * side, size[0])]
            : [rounded(size[0] * side, size[1]), side];
        }
        after = resized(pixels, size, real);
        scales = real.map(function (n, i) { return n / size[i]; });
        room = product(real.map(least));
      } else if (way === "crop") {
        real = slot.map(least);
        var from = real.map(function (n, i) { return Math.floor((size[i] - n) / 2); });
        kept = [from[0], from[1], from[0] + real[0], from[1] + real[1]];
        after = part(pixels, size[1], kept);
        room = product(real);
      } else {
        slot = size.map(function (n) { return Math.ceil(n / side) * side; });
        room = product(real);
      }
      var padding = 1 - product(real) / product(slot), lost = 1 - room / product(size);
      var stretch = scales[0] / scales[1], most = Math.max(stretch, 1 / stretch), verdict;
      if (most >= 1.05) {
        verdict = "distorted: " + Number(fixed(most, 1)) + " times as " +
          (stretch > 1 ? "high for its width" : "wide for its height");
      } else if (scales[0] !== 1 || scales[1] !== 1) verdict = "aspect kept, true size not";
      else verdict = "aspect and true size kept" + (lost ? ", the edges gone" : "");
      var scaled = "height × " + fixed(scales[0], 2) + ", width × " + fixed(scales[1], 2);
      var body = '<text x="4" y="14" font-weight="700">' + verdict + '</text><text x="4" y="32">' +
        scaled + "</text>";
      [["padding", padding, 42, "fill:url(#hatch);stroke:" + css("padding")],
        ["pixels lost", lost, 60,
          "fill:none;stroke:" + css("error") + ";stroke-width:2;stroke-dasharray:4 2"]
      ].forEach(function (bar) {
        var wide = Number(fixed(180 * bar[1], 1)), y = bar[2];
        body += '<text x="4" y="' + (y + 12) + '">' + bar[0] + "</text>";
        if (wide) {
          body += '<g style="' + bar[3] + '"><path d="M84 ' + (y + 2) + "h" + wide + "v12h-" + wide +
            'z"/></g>';
        }
        body += '<text x="' + general(92 + wide) + '" y="' + (y + 12) + '" font-weight="700">' +
          percent(bar[1]) + "</text>";
      });
      function shade(values) { return values.map(function (value) { return value / 255; }); }
      var shape = "(" + slot[0] + ", " + slot[1] + ", 1)";
      var one = { name: "before", pixels: shade(pixels), size: size, slot: size, kept: lost && kept };
      var other = { name: "after: " + shape, pixels: shade(after), size: real, slot: slot };
      var left = roomOf(one), right = roomOf(other);
      body += '<g transform="translate(0 84)">' + photograph(one, 4, left[1]) +
        photograph(other, 14 + left[0], right[1]) + "</g>";
      return [capital(name) + ", " + way + (way === "pad to bucket" ? " in steps of " + side
        : " to " + side + " × " + side) + ": " + shape + "; " + scaled + "; padding " + percent(padding) +
        "; pixels lost " + percent(lost) + "; " + verdict + ".", body];
    };
  }

  /* From the width of an image to the steps of a sequence */

  function columnSpans(width, layers, padding) {
    var first = 0, size = 1, jump = 1, count = width;
    return layers.map(function (layer) {
      var span = layer[1], strides = layer[2], before = 0;
      if (padding === "valid") {
        count = Math.max(Math.floor((count - span) / strides) + 1, 0);
      } else {
        var columns = Math.ceil(count / strides);
        before = Math.floor(Math.max((columns - 1) * strides + span - count, 0) / 2);
        count = columns;
      }
      first -= before * jump;
      size += (span - 1) * jump;
      jump *= strides;
      return { first: first, size: size, jump: jump, count: count };
    });
  }

  function columnCells(x, y, cell, real, total, paint, high) {
    var gap = cell >= 8 ? 2 : 1;
    return [[0, real, paint], [real, total - real, "url(#hatch)"]].map(function (run) {
      return run[1] ? '<g style="fill:none;stroke-width:' + high + ";stroke-dasharray:" + px(cell - gap) +
        " " + gap + ";stroke:" + run[2] + '"><path d="M' + px(x + run[0] * cell) + " " +
        px(y + high / 2) + "h" + px(run[1] * cell - gap) + '"/></g>' : "";
    }).join("");
  }

  function columnWords(real, total) {
    if (!real) return total ? "no column, " + total + " padding" : "no column";
    return amount(real, "column") + (total > real ? " + " + (total - real) + " padding" : "");
  }

  function ends(count) { return count > 1 ? [0, count - 1] : count ? [0] : []; }

  function image(given) {
    return function (choice) {
      var width = choice[0], total = choice[1], layers = given.stacks[choice[2]], padding = choice[3];
      var own = columnSpans(width, layers, padding), batch = columnSpans(total, layers, padding);
      var last = layers.length - 1, alone = own[last], padded = batch[last], real = alone.count;
      var moved = real && alone.first !== padded.first;
      var words = layers.map(function (layer, i) { return columnWords(own[i].count, batch[i].count); });
      var lines = layers.map(function (layer, i) {
        return [layer[0] + ": " + words[i], batch[i], own[i].count, "width"];
      });
      lines.push(["the sequence: " + words[last].replace("column", "step"), padded, real, "time"]);
      lines.push(["the image alone: " + (real ? amount(real, "step") : "no step") + (moved ? ", moved" : ""),
        alone, real, "time"]);
      function start(spans) { return spans.count ? spans.first + spans.size / 2 - spans.jump / 2 : 0; }

      var scale = given.scale, left = given.left, tall = 8, top = 24, y = 24 + tall * scale + 6;
      var body = write(4, 8, "image: width " + width +
        (total > width ? " + " + (total - width) + " padding" : "")) +
        rects([[left, 18, width * scale, 4]], "fill:" + css("width"));
      if (total > width) {
        body += rects([[left + width * scale, top, (total - width) * scale, tall * scale]], "fill:url(#hatch)");
      }
      var sequence = y + 38 * layers.length + 18, cell = padded.jump * scale;
      var at = left + start(padded) * scale;
      function edge(pixel) { return Math.min(Math.max(pixel, 0), total) * scale + left; }
      body += '<g style="fill:' + css("time") + ';fill-opacity:.22">' + ends(real).map(function (step) {
        var from = padded.first + step * padded.jump, a = px(edge(from)), b = px(edge(from + padded.size));
        return '<path d="M' + a + " " + px(top) + "H" + b + "V" + px(y - 6) + "L" +
          px(at + (step + 1) * cell - 2) + " " + px(sequence) + "H" + px(at + step * cell) + "L" + a + " " +
          px(y - 6) + 'z"/>';
      }).join("") + "</g>" + given.ink[width] +
        rects([[left, top, width * scale, tall * scale]],
          "fill:none;stroke:" + css("padding") + ";stroke-width:1");
      lines.forEach(function (line) {
        var time = line[3] === "time", x = left + start(line[1]) * scale, pitch = line[1].jump * scale;
        body += write(4, y + 8, line[0]) +
          columnCells(x, y + 18, pitch, line[2], line[1].count, css(line[3]), time ? 20 : 14);
        if (time && line[2] && pitch >= 14) {
          body += '<g text-anchor="middle" style="fill:#1F2328">' + ends(line[2]).map(function (step) {
            return '<text x="' + px(x + (step + 0.5) * pitch - 1) + '" y="' + px(y + 32) + '">' +
              (step + 1) + "</text>";
          }).join("") + "</g>";
        }
        y += time ? 44 : 38;
      });

      function way(count, spans) {
        return [count].concat(spans.map(function (each) { return each.count; })).join(" → ");
      }
      var beyond = 0, verdict, step;
      for (step = 0; step < real && total > width; step++) {
        if (padded.first + step * padded.jump + padded.size > width) beyond++;
      }
      if (!real) {
        var least = 1;
        while (!columnSpans(least, layers, padding)[last].count) least++;
        verdict = "no step is left: the stack needs a width of " + least;
      } else if (moved) {
        verdict = "moved: step 1 sees from pixel " + padded.first + ", alone from " + alone.first;
      } else if (beyond) {
        verdict = "in place, but " + beyond + " of " + real + " steps " +
          (beyond === 1 ? "sees" : "see") + " padding";
      } else verdict = "every step sees what it sees alone";
      verdict = verdict.replaceAll("-", "−");
      [[12, "width " + way(width, own)], [28, verdict]].forEach(function (line) {
        body += '<text x="4" y="' + general(y + line[0]) + '" font-weight="700">' + line[1] + "</text>";
      });
      return [capital(choice[2]) + ", " + padding + ": width " + way(width, own) + ", batch " +
        way(total, batch) + "; " + verdict + ".", body];
    };
  }

  var RULES = {
    shape: shape,
    tail: function () { return tail; },
    value_range: valueRange,
    fit: fit,
    image: image
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

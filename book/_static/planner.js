/* What the planner works out: reads lengths from a text and compares plans for them.

   It decides as helpers/batching decides: the same candidates, in the same order, at the same cost.
   A test compares each number with Python's. `core` knows nothing of the page, because a worker runs
   it from its own text; planner-page.js shows what comes out. */
(function () {
  "use strict";

  function core() {
    var MOST = 1000000; // lengths
    var SAFE = Number.MAX_SAFE_INTEGER;
    var NEAR = 1.1; // times the cheapest: what fewer shapes are worth
    var SHAPES = 16; // with jit
    var STEPS = [4, 8, 16, 32]; // buckets
    var WINDOW = 50; // batches that are sorted together
    var BINS = 40; // of the histogram

    function said(number) { return number.toLocaleString("en"); }

    // Reading

    /* What is wrong with a word that stands where a length should. */
    function fault(word, where, first) {
      var shown = word.length > 40 ? word.slice(0, 39) + "…" : word;
      var numbers = word.split(/[\s,;]+/).filter(Boolean);
      if (!word) return where + " is empty: expected a length.";
      if (/^\d+$/.test(word)) return where + " is " + shown + ": expected at most " + said(SAFE) + ".";
      if (numbers.length > 1 && numbers.every(function (each) { return /^[-+.\de]+$/i.test(each); })) {
        return where + " holds " + said(numbers.length) + " numbers: expected one length a line, or " +
          "all lengths on one line. Of a table, keep the column with the lengths.";
      }
      if (/^[-−]\s*[\d.]/.test(word)) return where + " is " + shown + ": a length is not negative.";
      if (/^[-+]?(nan|na|n\/a|null|none|inf|infinity)$/i.test(word)) {
        return where + " is " + shown + ": expected a number. Leave the row out, or give its length.";
      }
      if (/^\+?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) {
        return where + " is " + shown + ": expected a whole number, without a point or a sign.";
      }
      if (first) return where + ", “" + shown + "”, looks like a header: delete it.";
      return where + " is “" + shown + "”: expected a whole number from 0.";
    }

    function many(where) {
      return { error: where + " is one too many: expected at most " + said(MOST) +
        " lengths. Take a sample of the rows." };
    }

    /* All lengths on one line, or in brackets, between spaces or single commas. */
    function readList(text) {
      var body = text.replace(/^\s*[[(]/, " ").replace(/[\])]\s*$/, "");
      var found = [], line = 1, last = "", piece = /\n|[,;]|[^\s,;]+/g, hit;
      while ((hit = piece.exec(body))) {
        var where = "Line " + said(line);
        if (hit[0] === "\n") {
          line += 1;
        } else if (hit[0] === "," || hit[0] === ";") {
          if (last !== "number") return { error: where + ": a number is missing before a comma." };
          last = "comma";
        } else {
          var value = /^\d+$/.test(hit[0]) ? Number(hit[0]) : NaN;
          if (!(value <= SAFE)) return { error: fault(hit[0], where, !found.length) };
          if (found.length === MOST) return many("Number " + said(MOST + 1));
          found.push(value);
          last = "number";
        }
      }
      return { lengths: Float64Array.from(found) };
    }

    /* One length a line. */
    function readLines(text) {
      var found = new Float64Array(MOST), count = 0, at = 0, line = 0;
      while (at <= text.length) {
        var value = 0, from = at, code = text.charCodeAt(at);
        while (code >= 48 && code <= 57) {
          value = value * 10 + code - 48;
          code = text.charCodeAt(++at);
        }
        line += 1;
        if (at === from || value > SAFE || (code !== 10 && at < text.length)) {
          var end = text.indexOf("\n", from);
          at = end < 0 ? text.length : end;
          var word = text.slice(from, at).trim();
          value = /^\d+$/.test(word) ? Number(word) : NaN;
          if (!(value <= SAFE)) return { error: fault(word, "Line " + said(line), line === 1) };
        }
        if (count === MOST) return many("Line " + said(line));
        found[count++] = value;
        at += 1;
      }
      return { lengths: found.slice(0, count) };
    }

    /* The lengths that a text holds, or a sentence about its first fault. */
    function read(text) {
      text = text.replace(/^\uFEFF/, "").trimEnd();
      if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
      if (!text) return { lengths: new Float64Array(0) };
      return !text.includes("\n") || /^\s*[[(]/.test(text) ? readList(text) : readLines(text);
    }

    // Whole numbers without an end, where a double is not enough

    function times(a, b) {
      var product = Number(a) * Number(b);
      return product <= SAFE ? product : BigInt(a) * BigInt(b);
    }

    /* Sum of values ** power * counts. */
    function total(values, counts, power) {
      var most = 0, all = 0, sum = 0, i;
      for (i = 0; i < values.length; i++) {
        if (values[i] > most) most = values[i];
        all += counts[i];
      }
      if (Math.pow(most, power) * all <= SAFE) {
        for (i = 0; i < values.length; i++) {
          sum += (power === 2 ? values[i] * values[i] : values[i]) * counts[i];
        }
        return sum;
      }
      sum = 0n;
      for (i = 0; i < values.length; i++) {
        var value = BigInt(values[i]);
        sum += (power === 2 ? value * value : value) * BigInt(counts[i]);
      }
      return sum;
    }

    /* a / b, rounded once, as Python divides integers. */
    function ratio(a, b) {
      if (typeof a === "number" && typeof b === "number") return a / b;
      a = BigInt(a);
      b = BigInt(b);
      var bits = function (value) { return 4 * value.toString(16).length; };
      var shift = Math.max(0, 70 - bits(a) + bits(b));
      var long = a << BigInt(shift), quotient = long / b;
      if (quotient * b !== long) quotient |= 1n; // below all bits that a double has
      return Number(quotient) / Math.pow(2, shift);
    }

    /* How often a value fits in a whole number, at most `most` times. */
    function fits(whole, value, most) {
      if (typeof whole === "number") return Math.min(Math.floor(whole / value), most);
      var count = whole / BigInt(value);
      return count < BigInt(most) ? Number(count) : most;
    }

    function evenly(value) {
      var low = Math.floor(value), rest = value - low;
      return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
    }

    // Ladders

    /* Distinct lengths, increasing, and how many rows have each. */
    function histogram(lengths) {
      var longest = 0, values = [], counts = [], i;
      for (i = 0; i < lengths.length; i++) if (lengths[i] > longest) longest = lengths[i];
      if (longest < 4 * lengths.length) {
        var table = new Float64Array(longest + 1);
        for (i = 0; i < lengths.length; i++) table[lengths[i]] += 1;
        for (i = 0; i <= longest; i++) {
          if (table[i]) {
            values.push(i);
            counts.push(table[i]);
          }
        }
      } else {
        var sorted = lengths.slice().sort();
        for (i = 0; i < sorted.length; i++) {
          if (i && sorted[i] === sorted[i - 1]) {
            counts[counts.length - 1] += 1;
          } else {
            values.push(sorted[i]);
            counts.push(1);
          }
        }
      }
      return { values: Float64Array.from(values), counts: Float64Array.from(counts) };
    }

    /* The same with 0 as 1, since a boundary is at least 1; and the running sum of the counts. */
    function rungs(bars) {
      var values = bars.values.slice(), counts = bars.counts.slice();
      if (values[0] === 0 && values[1] === 1) {
        values = values.slice(1);
        counts = counts.slice(1);
        counts[0] += bars.counts[0];
      } else if (values[0] === 0) {
        values[0] = 1;
      }
      var rows = counts.slice();
      for (var i = 1; i < rows.length; i++) rows[i] += rows[i - 1];
      return { values: values, counts: counts, rows: rows };
    }

    /* For each length the best boundary below it: the first least of costs[i] - price * rows[i]. */
    function layer(best, span) {
      var below = new Int32Array(span), parts = [0, span, 0, span];
      while (parts.length) {
        var right = parts.pop(), left = parts.pop(), bottom = parts.pop(), top = parts.pop();
        var middle = (top + bottom) >> 1, found = best(middle, left, right);
        below[middle] = found;
        if (top < middle) parts.push(top, middle, left, found + 1);
        if (middle + 1 < bottom) parts.push(middle + 1, bottom, found, right);
      }
      return below;
    }

    /* The ladders of 1, 4, 8, 16 and 32 boundaries: those of the least cost, by dynamic
       programming over the distinct lengths. */
    function ladders(steps, power) {
      var values = steps.values, rows = steps.rows, span = values.length, j;
      var prices = values.map(function (value) { return power === 2 ? value * value : value; });
      var costs = prices.map(function (price, i) { return price * rows[i]; });
      var exact = prices[span - 1] * rows[span - 1] <= SAFE;
      var long = exact ? null : Array.from(values, function (value) {
        return power === 2 ? BigInt(value) * BigInt(value) : BigInt(value);
      });
      var longRows = exact ? null : Array.from(rows, BigInt);
      var longCosts = exact ? null : long.map(function (price, i) { return price * longRows[i]; });
      var blur = prices[span - 1] * rows[span - 1] * Math.pow(2, -49); // more than doubles err here

      function nearest(middle, left, right) {
        var price = prices[middle], least = Infinity, place = left;
        for (var i = left; i < right; i++) {
          var cost = costs[i] - price * rows[i];
          if (cost < least) {
            least = cost;
            place = i;
          }
        }
        if (exact) return place;
        var found = null, lowest = 0n; // of those that doubles cannot tell apart
        for (i = left; i < right; i++) {
          if (costs[i] - price * rows[i] <= least + blur) {
            var whole = longCosts[i] - long[middle] * longRows[i];
            if (found === null || whole < lowest) {
              lowest = whole;
              found = i;
            }
          }
        }
        return found;
      }

      var layers = [], most = Math.min(STEPS[STEPS.length - 1], span);
      while (layers.length < most - 1) {
        var below = layer(nearest, span);
        layers.push(below);
        if (exact) {
          var next = new Float64Array(span);
          for (j = 0; j < span; j++) next[j] = costs[below[j]] + prices[j] * (rows[j] - rows[below[j]]);
          costs = next;
        } else {
          var longNext = new Array(span);
          for (j = 0; j < span; j++) {
            longNext[j] = longCosts[below[j]] + long[j] * (longRows[j] - longRows[below[j]]);
          }
          longCosts = longNext;
          costs = Float64Array.from(longCosts, Number);
        }
      }
      return [1].concat(STEPS).map(function (count) {
        var chosen = [span - 1];
        for (var k = Math.min(count, span) - 2; k >= 0; k--) chosen.push(layers[k][chosen[chosen.length - 1]]);
        return chosen.reverse().map(function (place) { return values[place]; });
      });
    }

    /* Boundaries that give each bucket as nearly the same number of rows as equal lengths allow. */
    function quantiles(steps, count) {
      var n = steps.rows[steps.rows.length - 1], place = 0, found = [];
      count = Math.min(count, n);
      for (var i = 1; i <= count; i++) {
        var wanted = Math.ceil(i * n / count);
        while (steps.rows[place] < wanted) place += 1;
        if (found[found.length - 1] !== steps.values[place]) found.push(steps.values[place]);
      }
      return found;
    }

    // Plans: the length that each batch is padded to, its slots, and how many such batches there are

    function Plan() {
      this.padded = [];
      this.slots = [];
      this.number = [];
    }

    Plan.prototype.add = function (padded, slots, number) {
      this.padded.push(padded);
      this.slots.push(slots);
      this.number.push(number);
    };

    Plan.prototype.cost = function (kind) {
      var number = this.number, slots = this.slots;
      var counts = kind === "steps" ? number : slots.map(function (size, i) { return size * number[i]; });
      return total(this.padded, counts, kind === "quadratic" ? 2 : 1);
    };

    Plan.prototype.shapes = function () {
      var padded = this.padded, seen = new Map();
      this.slots.forEach(function (size, i) {
        if (!seen.has(size)) seen.set(size, new Set());
        seen.get(size).add(padded[i]);
      });
      var count = 0;
      seen.forEach(function (all) { count += all.size; });
      return count;
    };

    /* The largest size from three quarters of `size` on that leaves little over. */
    function evenSize(n, size) {
      if (n <= size) return n;
      var best = size, least = Infinity;
      for (var some = size; some >= Math.ceil(3 * size / 4); some--) {
        var left = (some - n % some) % some;
        if (100 * left <= n) return some;
        if (left < least) {
          least = left;
          best = some;
        }
      }
      return best;
    }

    function bucketed(steps, edges, sizes, tail) {
      var plan = new Plan(), before = 0, place = 0;
      edges.forEach(function (edge, i) {
        while (steps.values[place] !== edge) place += 1;
        var count = steps.rows[place] - before;
        before = steps.rows[place];
        var size = tail === "even" ? evenSize(count, sizes[i]) : sizes[i];
        plan.add(edge, size, Math.ceil(count / size));
      });
      return plan;
    }

    function fixed(lengths, size) {
      var plan = new Plan();
      for (var at = 0; at < lengths.length; at += size) {
        var end = Math.min(at + size, lengths.length), longest = 0;
        for (var i = at; i < end; i++) if (lengths[i] > longest) longest = lengths[i];
        plan.add(longest, end - at, 1);
      }
      return plan;
    }

    function grouped(lengths, size) {
      var plan = new Plan(), n = lengths.length, window = Math.min(WINDOW * Math.min(size, n), n);
      for (var at = 0; at < n; at += window) {
        var some = lengths.slice(at, at + window).sort();
        for (var end = some.length; end > 0; end -= size) {
          plan.add(some[end - 1], Math.min(size, end), 1);
        }
      }
      return plan;
    }

    function budgeted(bars, n, budget) {
      var plan = new Plan(), place = bars.values.length - 1, left = bars.counts[place], rest = n;
      while (rest) {
        var longest = bars.values[place], size = fits(budget, Math.max(longest, 1), rest);
        plan.add(longest, size, 1);
        rest -= size;
        while (size) {
          var some = Math.min(size, left);
          size -= some;
          left -= some;
          if (!left && place) left = bars.counts[--place];
        }
      }
      return plan;
    }

    /* What rows as they come cost on average over all orders. */
    function expected(bars, n, size, kind) {
      var power = kind === "quadratic" ? 2 : 1, full = Math.floor(n / size), cost = 0;
      [[full, size], [1, n % size]].forEach(function (part) {
        var rows = part[1];
        if (!part[0] || !rows) return;
        var m = n, chance = 1, place = bars.values.length - 1, at = n - bars.counts[place];
        var price = Math.pow(bars.values[place], power), mean = price;
        while (place > 0 && at >= rows) {
          for (; m > at; m--) chance *= (m - rows) / m;
          place -= 1;
          var lower = Math.pow(bars.values[place], power);
          mean -= (price - lower) * chance;
          price = lower;
          at -= bars.counts[place];
        }
        cost += part[0] * (kind === "steps" ? 1 : rows) * mean;
      });
      return cost;
    }

    // Advice

    function draw(bars, n) {
      var low = bars.values[0], high = bars.values[bars.values.length - 1];
      var width = Math.max(1, Math.ceil((high - low + 1) / BINS)), counts = [], marks = [0.5, 0.9];
      for (var i = 0; i < Math.ceil((high - low + 1) / width); i++) counts.push(0);
      var rows = 0, quantile = [];
      bars.values.forEach(function (value, i) {
        counts[Math.floor((value - low) / width)] += bars.counts[i];
        rows += bars.counts[i];
        while (quantile.length < 2 && rows >= marks[quantile.length] * n) quantile.push(value);
      });
      return { low: low, high: high, width: width, counts: counts, half: quantile[0], most: quantile[1] };
    }

    /* Compare the plans for these lengths; choice: kind, batch, cells (or null) and jit. */
    function plan(lengths, choice) {
      var n = lengths.length, kind = choice.kind, batch = choice.batch, cells = choice.cells;
      var bars = histogram(lengths), steps = rungs(bars), power = kind === "quadratic" ? 2 : 1;
      var longest = steps.values[steps.values.length - 1];
      if (cells !== null && cells < longest) {
        return { error: "Most cells: expected at least " + said(longest) + ", the longest length, got " +
          said(cells) + "." };
      }
      var limited = cells !== null && batch * longest > cells;
      var size = limited ? Math.floor(cells / longest) : batch;
      var limit = limited ? "most_cells=" + cells + ", " : "";
      var tail = kind === "steps" ? "pad" : "even", options = [];
      var ideal = total(steps.values, steps.counts, power), rows = kind === "steps" ? batch : 1;

      function option(name, code, made, more) {
        var over = ratio(times(made.cost(kind), rows), ideal);
        options.push(Object.assign(
          { name: name, code: code + "shuffle=0)", over: over, shapes: made.shapes() }, more));
      }

      function buckets(name, code, edges) {
        var sizes = edges.map(function (edge) {
          return limited ? Math.min(batch, Math.floor(cells / edge)) : batch;
        });
        option(name, "bucketed(lengths, " + batch + ", " + code + ", tail='" + tail + "', " + limit,
          bucketed(steps, edges, sizes, tail), { edges: edges, sizes: sizes });
      }

      var more = power === 2 ? ", cost='quadratic'" : "", before = 0;
      ladders(steps, power).forEach(function (edges, i) {
        if (edges.length === before) return;
        before = edges.length;
        buckets(before > 1 ? before + " buckets" : "one length for all",
          "ladder(lengths, " + [1].concat(STEPS)[i] + more + ")", edges);
      });
      before = 1;
      STEPS.forEach(function (count) {
        var edges = quantiles(steps, count);
        if (edges.length <= before) return;
        before = edges.length;
        buckets(before + " quantile buckets", "quantile_ladder(lengths, " + count + ")", edges);
      });
      option("rows as they come", "fixed(len(lengths), " + size + ", lengths=lengths, ",
        fixed(lengths, size), { size: size });
      var come = options[options.length - 1]; // of all orders, not of the one that came
      come.over = expected(bars, n, size, kind) * rows / Number(ideal);
      option("grouped by length", "grouped(lengths, " + size + ", ", grouped(lengths, size));
      var mean = ratio(total(bars.values, bars.counts, 1), n);
      var budget = Math.max(longest, evenly(batch * mean));
      if (cells !== null) budget = Math.min(budget, cells);
      if (budget > SAFE) {
        budget = BigInt(budget);
        if (budget >= 1n << 63n) budget = (1n << 63n) - 1n;
      }
      option("a budget of cells", "token_budget(lengths, " + budget + ", ", budgeted(bars, n, budget));

      var allowed = options.filter(function (each) { return !choice.jit || each.shapes <= SHAPES; });
      var cheapest = Math.min.apply(null, allowed.map(function (each) { return each.over; }));
      var best = allowed.filter(function (each) { return each.over <= NEAR * cheapest; })
        .reduce(function (one, other) {
          var fewer = other.shapes - one.shapes || other.over - one.over;
          return fewer < 0 ? other : one;
        });
      return { n: n, options: options, best: options.indexOf(best), bars: draw(bars, n) };
    }

    return { read: read, plan: plan };
  }

  window.raggedPlanner = core();
  window.raggedPlanner.source = String(core);
})();

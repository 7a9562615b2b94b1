/* Runs the planner of the page on the cases that come in, and prints what it finds. */
"use strict";
global.window = global;
const { script, cases } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
(0, eval)(script);
const answers = cases.map(function (each) {
  const rows = window.raggedPlanner.read(each.text);
  if (rows.error) return { error: rows.error };
  if (!each.choice) return { lengths: Array.from(rows.lengths) };
  return window.raggedPlanner.plan(rows.lengths, each.choice);
});
console.log(JSON.stringify(answers));

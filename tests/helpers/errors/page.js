/* Runs the script of the title page on the texts that come in, and prints what it answers. */
"use strict";
global.window = global;
global.document = { getElementById: () => null };
const { script, data, texts } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
(0, eval)(data);
(0, eval)(script);
const answers = texts.map(function (text) {
  const began = process.cpuUsage();
  const found = window.explainMessage(text);
  const id = (entry) => (entry ? entry.id : null);
  const spent = process.cpuUsage(began);
  return {
    answer: id(found.entry),
    other: id(found.other),
    read: found.read,
    guesses: found.guesses.map(id),
    report: window.reportableMessage(text),
    seconds: (spent.user + spent.system) / 1e6,
  };
});
console.log(JSON.stringify(answers));

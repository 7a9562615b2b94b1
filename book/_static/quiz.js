/* Quizzes: radio buttons and a button in place of the folded answers, whose reasons are read from
   them. Without this script a question is a list of choices over its folded answer. */
(function () {
  "use strict";
  document.querySelectorAll(".re-question").forEach(function (question) {
    var fold = question.querySelector("details"), row = question.querySelector(".re-checked");
    var button = row.querySelector("button"), said = row.querySelector("[role=status]");
    var inputs = question.querySelectorAll("input"), answers = fold.querySelectorAll("li");
    fold.hidden = true;
    row.hidden = false;
    inputs.forEach(function (input) {
      input.hidden = false;
      input.checked = false;
      input.addEventListener("change", function () {
        said.textContent = "";
        question.classList.remove("right", "wrong");
      });
    });
    button.addEventListener("click", function () {
      var chosen = question.querySelector("input:checked");
      if (!chosen) {
        said.textContent = "Choose an answer first.";
        return;
      }
      var answer = answers[chosen.value], right = answer.hasAttribute("data-right");
      said.innerHTML = answer.querySelector("span").innerHTML;
      question.classList.toggle("right", right);
      question.classList.toggle("wrong", !right);
    });
  });
})();

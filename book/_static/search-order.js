// What a search shows first: sections and messages whose titles hold all words, then pages in
// which the words stand. Sphinx's search alone looks for the whole query in a title.
"use strict";
(function () {
  var FIRST = [
    [/^book\/(messages|symptoms|audit-rules)\//, 8],
    [/^book\/(shape-rule|choose|tail-batches|masking|images-to-sequences|augmentation|variable-batches)$/, 4],
    [/^labs\/solutions\//, -6],
    [/^labs\//, -3],
  ];
  var TITLE = 40; // above all that is found in a text
  var stemmer = new Stemmer();
  var query = (new URLSearchParams(location.search).get("q") || "").trim().toLowerCase();

  function stems(text) {
    return splitQuery(text.toLowerCase()).map(function (word) { return stemmer.stemWord(word); });
  }

  Scorer.score = function (result) {
    var score = result[4];
    FIRST.forEach(function (rule) { if (rule[0].test(result[0])) score += rule[1]; });
    return score;
  };

  function plain(title) {
    return new DOMParser().parseFromString(title, "text/html").body.textContent.trim();
  }

  function titles(words) {
    var index = Search._index, found = [];
    Object.keys(index.alltitles).forEach(function (title) {
      var inTitle = stems(plain(title));
      var all = words.length && words.every(function (word) {
        return inTitle.some(function (one) { return one.startsWith(word); });
      });
      if (!all) return;
      var share = words.length / Math.max(words.length, inTitle.length);
      var whole = plain(title).toLowerCase().indexOf(query) >= 0 ? 6 : 0;
      index.alltitles[title].forEach(function (place) {
        var file = place[0], id = place[1], page = index.titles[file];
        found.push([index.docnames[file], plain(page) === plain(title) ? page : page + " > " + title,
          id === null ? "" : "#" + id, null, TITLE + whole + Math.round(10 * share),
          index.filenames[file]]);
      });
    });
    return found;
  }

  var inTexts = Search.performTermsSearch;
  Search.performTermsSearch = function (words, excluded) {
    return inTexts(words, excluded).concat(titles(Array.from(words)));
  };
})();

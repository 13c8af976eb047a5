// Runs before the first paint, so that neither theme nor language flickers.
(function () {
  try {
    var theme = localStorage.getItem('eclusier.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    var lang = new URLSearchParams(location.search).get('lang') || localStorage.getItem('eclusier.lang');
    if (lang === 'fr' || lang === 'en') document.documentElement.lang = lang;
  } catch (e) {
    /* private window: the defaults stand */
  }
})();

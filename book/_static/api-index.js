// The reference once was one page: an old address leads on to the page that has its anchor now.
{
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const link = place?.closest(".api-index a");
  if (link) location.replace(link.href.split("#")[0] + location.hash);
}

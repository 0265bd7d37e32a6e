// What the runtime allows, decided by what it is, in this one place.

/**
 * Whether I/O belongs to the request that started it. workerd cancels whoever waits for another request's I/O, and
 * takes the later ones with it, so nothing that is pending may be shared between requests there.
 */
export const bindsIoToRequest =
  typeof navigator !== "undefined" && navigator.userAgent === "Cloudflare-Workers";

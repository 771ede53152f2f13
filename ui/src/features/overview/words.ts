/** What changed, with an image's name once: `image of app registry/web 1.2 → 1.3`. */
export function shorten(words: string): string {
  return words.replace(/(\S+):([^\s:/]+) → \1:([^\s:/]+)(?=$|[\s,;])/g, "$1 $2 → $3");
}

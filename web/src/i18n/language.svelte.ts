// The language of the page, kept in the browser. Shared by the hub's pages and the
// household's page, each of which has messages of its own.

export type Lang = "vi" | "en";

const STORED = "xulang.lang";

class Language {
  current = $state<Lang>(localStorage.getItem(STORED) === "en" ? "en" : "vi");

  set(lang: Lang): void {
    this.current = lang;
    localStorage.setItem(STORED, lang);
  }
}

export const language = new Language();

export type Values = Record<string, string | number>;

/** Puts the values into the {holes} of a message. */
export function fill(message: string, values: Values = {}): string {
  return message.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

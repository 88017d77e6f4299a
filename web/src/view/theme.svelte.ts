// Light, dark, or as the device says; a night shift works here.

export type Theme = "auto" | "light" | "dark";
const STORED = "xulang.theme";

function stored(): Theme {
  const theme = localStorage.getItem(STORED);
  return theme === "light" || theme === "dark" ? theme : "auto";
}

class Appearance {
  theme = $state<Theme>(stored());
  private device = matchMedia("(prefers-color-scheme: dark)");
  private deviceDark = $state(this.device.matches);
  dark = $derived(this.theme === "auto" ? this.deviceDark : this.theme === "dark");

  constructor() {
    this.device.addEventListener("change", () => (this.deviceDark = this.device.matches));
    this.show();
  }

  set(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem(STORED, theme);
    this.show();
  }

  private show(): void {
    document.documentElement.dataset.theme = this.theme;
  }
}

export const appearance = new Appearance();

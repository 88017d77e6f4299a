// The address bar as state. Two or three segments are all the pages there are.

class Route {
  path = $state(location.pathname);
  query = $state(location.search);

  constructor() {
    addEventListener("popstate", () => this.read());
  }

  private read(): void {
    this.path = location.pathname;
    this.query = location.search;
  }

  go(url: string): void {
    history.pushState(null, "", url);
    this.read();
    scrollTo(0, 0);
  }

  /** Changes the query without a new entry in the history: looking is not going. */
  note(query: string): void {
    history.replaceState(null, "", location.pathname + query);
    this.query = query;
  }
}

export const route = new Route();

/** Lets an ordinary link stay within the page; modified clicks keep their meaning. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  route.go(link.pathname + link.search);
}

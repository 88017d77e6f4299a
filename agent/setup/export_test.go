package setup

import (
	"net/http"
	"net/netip"
)

// Handler is what the address answers, without the address.
func (p *Setup) Handler() http.Handler { return p.server.handler() }

// Poke lets the page's server look now what the hub does not have.
func (p *Setup) Poke() { p.server.poke() }

// HoldDelivery is a delivery to the hub that takes until release.
func (p *Setup) HoldDelivery() (release func()) {
	p.server.delivering.Lock()
	return p.server.delivering.Unlock
}

// Rows are the operations about which somebody decided.
func Rows() map[string]bool {
	out := map[string]bool{}
	for name, a := range rows {
		out[name] = a == anyone
	}
	return out
}

// Unrow takes an operation out of the table until restore is called.
func Unrow(operation string) (restore func()) {
	old := rows[operation]
	delete(rows, operation)
	return func() { rows[operation] = old }
}

// SplitAddress takes a pasted address apart.
func SplitAddress(text string) (at netip.Addr, url, user, pass string, err error) {
	a, err := splitAddress(text)
	return a.at, a.url, a.username, a.password, err
}

// Statuses of all codes that the page answers with.
func Statuses() map[string]int {
	out := map[string]int{}
	for code, a := range answers {
		if out[string(code)] = a.status; a.message == "" {
			out[string(code)] = 0
		}
	}
	return out
}

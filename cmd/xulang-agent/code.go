package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"rsc.io/qr"

	"xulang.vn/camera/agent"
	"xulang.vn/camera/agent/lan"
)

// show tells who stands at the box where its page is and what lets in. A phone that
// reads the QR code has both; on paper the code is typed.
func show(file string, out io.Writer) error {
	cfg, err := agent.ReadConfig(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(cfg.Data, agent.CodeFile))
	if err != nil {
		return fmt.Errorf("read code (has the agent been started?): %w", err)
	}
	code := strings.TrimSpace(string(text))
	pages, err := addresses(cfg.Page, lan.Own())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Mở bằng điện thoại trong cùng mạng Wi-Fi (open on a phone in the same network):\n")
	for _, p := range pages {
		fmt.Fprintf(out, "  %s\n", p)
	}
	fmt.Fprintf(out, "Mã cài đặt (code): %s\n", code)
	picture, err := qr.Encode(pages[0]+"/#"+code, qr.L)
	if err != nil {
		return fmt.Errorf("draw code: %w", err)
	}
	draw(out, picture)
	return nil
}

// addresses are those under which a phone finds the page: private ones first.
func addresses(page string, own []netip.Addr) ([]string, error) {
	host, port, err := net.SplitHostPort(page)
	if err != nil {
		return nil, fmt.Errorf("read page address: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return []string{"http://" + net.JoinHostPort(host, port)}, nil //nolint:nilerr // a name is as good as an address
	}
	var all []string
	for _, a := range own {
		if a.Is4() && a.IsPrivate() {
			all = append(all, "http://"+net.JoinHostPort(a.String(), port))
		}
	}
	return append(all, "http://"+net.JoinHostPort("127.0.0.1", port)), nil
}

// draw prints two rows of modules as one line of half blocks, light on dark, with the
// quiet zone that readers want.
func draw(out io.Writer, c *qr.Code) {
	const quiet = 2
	for y := -quiet; y < c.Size+quiet; y += 2 {
		var line strings.Builder
		for x := -quiet; x < c.Size+quiet; x++ {
			switch top, bottom := c.Black(x, y), c.Black(x, y+1); {
			case top && bottom:
				line.WriteByte(' ')
			case top:
				line.WriteRune('▄')
			case bottom:
				line.WriteRune('▀')
			default:
				line.WriteRune('█')
			}
		}
		fmt.Fprintln(out, line.String())
	}
}

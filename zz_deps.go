//go:build deps

package camera

import (
	_ "codeberg.org/go-pdf/fpdf"
	_ "github.com/go-fonts/dejavu/dejavusans"
	_ "github.com/go-fonts/dejavu/dejavusansbold"
	_ "github.com/icholy/digest"
	_ "golang.org/x/crypto/acme/autocert"
	_ "golang.org/x/net/ipv4"
	_ "rsc.io/qr"
)

//go:build deps

package camera

import (
	_ "github.com/Shopify/toxiproxy/v2"
	_ "github.com/Shopify/toxiproxy/v2/client"
	_ "github.com/Shopify/toxiproxy/v2/toxics"
	_ "github.com/mewkiz/flac"
	_ "github.com/mewkiz/flac/frame"
	_ "github.com/mewkiz/flac/meta"
	_ "github.com/prometheus/client_golang/prometheus"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:build deps

package camera

import (
	_ "github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/transparency-dev/merkle/compact"
	_ "github.com/transparency-dev/merkle/rfc6962"
	_ "github.com/transparency-dev/merkle/proof"
)

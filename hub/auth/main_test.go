package auth_test

import (
	"os"
	"testing"

	"xulang.vn/camera/hub/db/dbtest"
)

// TestMain runs every test over SQLite and over PostgreSQL.
func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// fixMost is the most bytes of a self-test's reason: a code or a cause.
const fixMost = 40

// SelfTest is what a box found when its household pressed "test".
type SelfTest struct {
	camera.SelfTest
	Received time.Time // hub's clock
}

// SetSelfTest keeps a device's newest self-test. Lines about cameras that are not its
// own are left out and answered with CodeForeignCamera, as in SetStatus; lines that
// make no sense refuse the whole with CodeBadClaim.
func (r *Registry) SetSelfTest(ctx context.Context, d camera.DeviceID, m camera.SelfTest) error {
	if err := camera.CheckVersion(m.V); err != nil {
		return err
	}
	if len(m.Lines) > camera.TestsMost {
		return camera.Errorf(camera.CodeTooLarge, "self-test: %d lines, at most %d", len(m.Lines), camera.TestsMost)
	}
	for _, l := range m.Lines {
		if !testLine(l) {
			return camera.Errorf(camera.CodeBadClaim, "self-test: a line that makes no sense")
		}
	}
	now := r.now().UTC()
	if m.At = told(m.At, now); m.At.IsZero() {
		m.At = now
	}
	var refusal error
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := household(ctx, tx, d); err != nil {
			return err
		}
		own, err := camerasOf(ctx, tx, d)
		if err != nil {
			return err
		}
		kept := m
		kept.Lines = slices.DeleteFunc(slices.Clone(m.Lines), func(l camera.TestLine) bool {
			return l.Camera != "" && !slices.Contains(own, l.Camera)
		})
		if len(kept.Lines) < len(m.Lines) {
			refusal = camera.Errorf(camera.CodeForeignCamera, "self-test: %d lines are not about this device's cameras", len(m.Lines)-len(kept.Lines))
		}
		text, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE devices SET selftest = $2, selftest_ms = $3 WHERE id = $1`, d, string(text), db.Instant(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("write self-test: %w", err)
	}
	return refusal
}

func testLine(l camera.TestLine) bool {
	switch l.Name {
	case camera.TestRecord, camera.TestPast, camera.TestUplink, camera.TestClock, camera.TestOwn, camera.TestDisk:
	default:
		return false
	}
	plain := len(l.Fix) <= fixMost && strings.Trim(l.Fix, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	return plain && math.Abs(l.Number) <= 1e15 && (l.Camera == "" || l.Camera.Valid())
}

// selfTestRow takes the columns of a device's self-test, NULL before its first.
type selfTestRow struct {
	text     sql.NullString
	received time.Time
}

func (r *selfTestRow) selfTest() (*SelfTest, error) {
	if !r.text.Valid {
		return nil, nil //nolint:nilnil // none yet
	}
	t := &SelfTest{Received: r.received}
	if err := json.Unmarshal([]byte(r.text.String), &t.SelfTest); err != nil {
		return nil, fmt.Errorf("read self-test: %w", err)
	}
	return t, nil
}

package registry

import (
	"context"
	"database/sql"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// idsMost is how many cameras are asked for in one statement.
const idsMost = 500

// CamerasOf finds cameras with their present views. One that does not exist is left out.
func (r *Registry) CamerasOf(ctx context.Context, ids []camera.CameraID) (map[camera.CameraID]Camera, error) {
	found := make(map[camera.CameraID]Camera, len(ids))
	for len(ids) > 0 {
		part := ids[:min(len(ids), idsMost)]
		ids = ids[len(part):]
		args := make([]any, 0, len(part))
		for _, id := range part {
			args = append(args, id)
		}
		cameras, err := r.list(ctx, `WHERE v.to_ms IS NULL AND c.id IN (`+db.Places(1, len(part))+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, c := range cameras {
			found[c.ID] = c
		}
	}
	return found, nil
}

// UnshareAll lets no camera be seen before its device's next hello. What is known of
// consent may be old after a database was built again from a snapshot.
func (r *Registry) UnshareAll(ctx context.Context) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE cameras SET shared = $1`, false)
		return err
	})
	return named("unshare all cameras", err)
}

// Views gives all views that cameras ever had, oldest first for each: of these cameras,
// or of all. A view counts from From until before To.
func (r *Registry) Views(ctx context.Context, ids ...camera.CameraID) (map[camera.CameraID][]camera.View, error) {
	where, args := "", make([]any, 0, len(ids))
	if len(ids) > 0 {
		where = `WHERE camera_id IN (` + db.Places(1, len(ids)) + `)`
		for _, id := range ids {
			args = append(args, id)
		}
	}
	rows, err := r.db.Read().QueryContext(ctx, `SELECT camera_id, lon, lat, heading, fov, range_m, from_ms, to_ms FROM views `+where+` ORDER BY camera_id, from_ms`, args...)
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	defer rows.Close()
	all := map[camera.CameraID][]camera.View{}
	for rows.Next() {
		var (
			id camera.CameraID
			v  camera.View
		)
		if err := rows.Scan(&id, &v.Position.Lon, &v.Position.Lat, &v.Heading, &v.FOV, &v.Range, (*db.Instant)(&v.From), (*db.Instant)(&v.To)); err != nil {
			return nil, fmt.Errorf("list views: %w", err)
		}
		all[id] = append(all[id], v)
	}
	return all, rows.Err()
}

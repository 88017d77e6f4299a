package hub

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/index/pack"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
)

// lately is how far back it is looked whether cameras really recorded.
const lately = 7 * 24 * time.Hour

// folded is by when a closed hour is in the index as one row.
const folded = 30 * time.Minute

// coverage tells what is watched by the cameras that are shared now, as far as they
// recorded in the last days, and whom it would help to ask.
func (h *hub) coverage(ctx context.Context) (api.Coverage, error) {
	now := h.now()
	to := now.Add(-folded).Truncate(time.Hour)
	from := to.Add(-lately)
	covered, err := h.index.Covered(ctx, pack.HourOf(from), pack.HourOf(to)-1)
	if err != nil {
		return api.Coverage{}, fmt.Errorf("read what was recorded: %w", err)
	}
	homes, err := h.registry.Households(ctx)
	if err != nil {
		return api.Coverage{}, err
	}
	q := road.CoverageQuestion{At: now}
	shares := map[camera.CameraID][24]float64{}
	for _, home := range homes {
		shared := false
		for _, cam := range camerasOf(home) {
			shared = shared || cam.Shared
			if cam.Shared && camera.Decide(cam.Consent, camera.ActionMap, anyCase, now) == nil {
				shares[cam.ID] = hoursOf(cam, covered[cam.ID], from, to)
			}
		}
		if !shared && home.Place != nil {
			q.Homes = append(q.Homes, road.Home{ID: string(home.ID), Label: home.Label, Position: *home.Place})
		}
	}
	q.Active = func(id camera.CameraID) [24]float64 { return shares[id] }
	return api.Coverage{From: from, To: to, Coverage: h.watch.Coverage(q)}, nil
}

// anyCase is an officer with a case of any kind.
var anyCase = camera.Asker{Officer: true, CaseOpen: true}

func camerasOf(h registry.Household) []registry.Camera {
	var all []registry.Camera
	for _, d := range h.Devices {
		all = append(all, d.Cameras...)
	}
	return all
}

// hoursOf is what share of each hour of the day, UTC+7, a camera recorded since it was
// registered. Of hours that it has not lived through yet it is believed what it does now.
func hoursOf(cam registry.Camera, recorded *[24]time.Duration, from, to time.Time) (shares [24]float64) {
	if cam.Registered.After(from) {
		from = cam.Registered.Truncate(time.Hour).Add(time.Hour) // its first whole hour
	}
	var lived [24]int
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		lived[(pack.HourOf(at)+7)%24]++
	}
	for hour, n := range lived {
		switch {
		case n > 0 && recorded != nil:
			shares[hour] = recorded[hour].Hours() / float64(n)
		case n == 0 && cam.State == camera.StateRecording:
			shares[hour] = 1
		}
	}
	return shares
}

// upkeep is the room's own, with what lies in the footage bucket by the index.
func (h *hub) upkeep(ctx context.Context) (api.Upkeep, error) {
	u, err := h.keep.Upkeep(ctx)
	if err != nil {
		return api.Upkeep{}, err
	}
	size, err := h.db.Size(ctx)
	if err != nil {
		return api.Upkeep{}, fmt.Errorf("measure database: %w", err)
	}
	return api.Upkeep{Upkeep: u, Database: size}, nil
}

var (
	_ cases.Cameras = cameras{}
	_ cases.Past    = past{}
	_ cases.Roads   = roads{}
	_ keep.Index    = kept{}
	_ keep.Footage  = footage{}
)

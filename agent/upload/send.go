package upload

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

const (
	putTries    = 3               // with a new slot each
	putShortest = time.Minute     // time-out of a put …
	putSlowest  = 8 << 10         // … plus its bytes at so many a second
	slotMargin  = 2 * time.Second // a slot that ends sooner is as good as expired
	replyRead   = 64 << 10        // bytes of an answer's body that are read, to reuse the connection
)

// send brings one segment to the store. nil: it is settled, stored or refused for
// good. errLater: this segment cannot go now. Any other error: nothing can.
func (u *Uploader) send(ctx context.Context, hub *url.URL, seg camera.Segment) error {
	status := 0
	for range putTries {
		reply, err := u.hub.Slot(ctx, seg.SegmentID)
		if err != nil {
			return fmt.Errorf("ask for slot: %w", err)
		}
		if err := reply.Err(); err != nil {
			return u.refused(seg.SegmentID, reply.Refusal)
		}
		if reply.Stored {
			return u.spool.Stored(seg.SegmentID)
		}
		if !reply.Expires.IsZero() && reply.Expires.Before(u.now().Add(slotMargin)) {
			continue // it was long on its way
		}
		status, err = u.put(ctx, hub, seg, reply.Slot)
		switch {
		case err != nil:
			return err
		case status/100 == 2, status == http.StatusPreconditionFailed: // 412: it is there already
			return u.notify(ctx, seg.SegmentID)
		case status == http.StatusBadRequest:
			if err := u.checkBytes(seg); err != nil {
				return err
			}
		case status/100 == 5, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
			return fmt.Errorf("%w: status %d", errStore, status)
		}
		// What is left (403 above all) is an expired slot, or one for other bytes.
	}
	return fmt.Errorf("%w: status %d after %d slots", errStore, status, putTries)
}

// notify tells the hub to look. Only its agreement makes a segment stored.
func (u *Uploader) notify(ctx context.Context, id camera.SegmentID) error {
	reply, err := u.hub.Stored(ctx, id)
	if err != nil {
		return fmt.Errorf("tell stored: %w", err)
	}
	if reply.Err() != nil {
		return u.refused(id, reply.Refusal)
	}
	return u.spool.Stored(id)
}

// refused tells refusals of now from those for good.
func (u *Uploader) refused(id camera.SegmentID, r camera.Refusal) error {
	switch r.Code {
	case camera.CodeTooLarge, camera.CodeBadClaim, camera.CodeFutureClaim, camera.CodeForeignCamera,
		camera.CodeForbidden, camera.CodeConflict, camera.CodeBadRequest:
		u.log.Warn("hub refused a segment's bytes", "segment", id, "code", r.Code, "reason", short(r.Message))
		return u.spool.Refused(id, r.Code)
	case camera.CodeUnavailable, camera.CodeTooMany, camera.CodeUnreachable:
		return fmt.Errorf("hub answers: %w", r.Err())
	case camera.CodeInternal:
		return fmt.Errorf("%w: hub answers %s", errStore, r.Code)
	}
	// Paused, no consent, not found by the hub: of one segment.
	return fmt.Errorf("hub answers %s (%s): %w", r.Code, short(r.Message), errLater)
}

// put sends the bytes once. Its errors never show the address: who has it may write.
func (u *Uploader) put(ctx context.Context, hub *url.URL, seg camera.Segment, slot camera.Slot) (status int, err error) {
	target, err := resolve(hub, slot.URL)
	if err != nil {
		return 0, err
	}
	if err := u.allow(seg.Camera); err != nil {
		return 0, fmt.Errorf("put segment: %w (%w)", errLater, err)
	}
	file, err := u.spool.OpenSegment(seg.SegmentID)
	if err != nil {
		return 0, fmt.Errorf("put segment: %w (%w)", errLater, err)
	}
	defer file.Close() //nolint:errcheck // read only; the client closes it too
	ctx, cancel := context.WithTimeout(ctx, putShortest+time.Duration(seg.Size/putSlowest)*time.Second)
	defer cancel()
	gate := &gate{ReadCloser: file, allow: func() error { return u.allow(seg.Camera) }}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, gate)
	if err != nil {
		return 0, fmt.Errorf("put segment: slot cannot be used: %w", errLater)
	}
	if err := setHeader(req, slot.Header, seg.Size); err != nil {
		return 0, err
	}
	res, err := u.client.Do(req)
	if err != nil {
		var shown *url.Error
		if errors.As(err, &shown) {
			err = shown.Err
		}
		if no := u.allow(seg.Camera); no != nil {
			return 0, fmt.Errorf("put segment: cut off: %w (%w)", errLater, no)
		}
		return 0, fmt.Errorf("%w: %w", errStore, err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, replyRead))
	if err = errors.Join(err, res.Body.Close()); err != nil && res.StatusCode/100 != 2 {
		return 0, fmt.Errorf("%w: read answer: %w", errStore, err)
	}
	return res.StatusCode, nil
}

// setHeader sets exactly what was signed. Length and host are no ordinary headers
// to net/http; a length other than the announced one can only be refused.
func setHeader(req *http.Request, header map[string]string, size int64) error {
	req.ContentLength = size
	for k, v := range header {
		switch {
		case strings.EqualFold(k, "Host"):
			req.Host = v
		case strings.EqualFold(k, "Content-Length"):
			if v != strconv.FormatInt(size, 10) {
				return fmt.Errorf("put segment: slot is for %.20q bytes, not %d: %w", v, size, errLater)
			}
		default:
			req.Header.Set(k, v)
		}
	}
	return nil
}

// resolve makes the slot's address absolute. A hub reached by HTTPS may not send
// the bytes over a line that others can read.
func resolve(hub *url.URL, slot string) (string, error) {
	if strings.HasPrefix(slot, "/") {
		slot = strings.TrimSuffix(hub.String(), "/") + slot // the hub may live under a path
	}
	u, err := url.Parse(slot)
	if err != nil || slot == "" || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || hub.Scheme == "https") {
		return "", fmt.Errorf("put segment: slot has no address that can be used: %w", errLater)
	}
	return u.String(), nil
}

// checkBytes looks whether the file is still what was announced, after the store
// has refused it. A disk that changed it will not change it back.
func (u *Uploader) checkBytes(seg camera.Segment) error {
	file, err := u.spool.OpenSegment(seg.SegmentID)
	if err != nil {
		return fmt.Errorf("check segment: %w (%w)", errLater, err)
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("check segment: %w (%w)", errLater, err)
	}
	if camera.Hash(h.Sum(nil)) == seg.SHA256 {
		return nil
	}
	u.log.Error("segment's file is not what was announced", "segment", seg.SegmentID)
	if err := u.spool.Refused(seg.SegmentID, camera.CodeBadClaim); err != nil {
		return err
	}
	return fmt.Errorf("check segment: other bytes on the disk: %w", errLater)
}

// gate asks the household again with every piece that leaves.
type gate struct {
	io.ReadCloser
	allow func() error
}

func (g *gate) Read(b []byte) (int, error) {
	if err := g.allow(); err != nil {
		return 0, fmt.Errorf("%w (%w)", errLater, err)
	}
	return g.ReadCloser.Read(b)
}

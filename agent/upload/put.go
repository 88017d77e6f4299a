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
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	putTries    = 3           // slots in a row that a store may refuse before it is a failure
	putShortest = time.Minute // time-out of a put's body, pauses not counted …
	putSlowest  = 8 << 10     // … plus its bytes at so many a second
	headerMost  = 4 << 10     // bytes of one header of a slot
	replyRead   = 64 << 10    // bytes of an answer's body that are read, to reuse the connection
)

// put brings the next segment to the store.
func (u *Uploader) put(ctx context.Context, hub *url.URL, spare bool) (next time.Duration, err error) {
	j, p, next := u.next(spare)
	if j == nil {
		return next, nil
	}
	began := u.now()
	err = u.send(ctx, hub, j, p)
	paused := u.budget.leave(p)
	return 0, u.landed(ctx, j, u.now().Sub(began)-paused, err)
}

// send puts the bytes once. nil: the store has them. Otherwise see the errors at
// landed.
func (u *Uploader) send(ctx context.Context, hub *url.URL, j *job, p *pass) error {
	status, err := u.transfer(ctx, hub, j, p)
	switch {
	case err != nil:
		return err
	case status/100 == 2, status == http.StatusPreconditionFailed: // 412: it is there already
		return nil
	case status == http.StatusBadRequest:
		if err := u.checkBytes(j.Segment); err != nil {
			return err
		}
	case status/100 == 5, status/100 == 3, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return fmt.Errorf("%w: status %d", errStore, status)
	}
	// What is left (403 above all) is an expired slot, or one for other bytes.
	return fmt.Errorf("%w: status %d", errSlot, status)
}

// transfer is one PUT. It is cut off when its body does not move for u.stall, or
// when its answer does not come in the time that the bytes in the network's
// buffers may take; pauses and the budget's waits do not count. Its errors never
// show the address: who has it may write.
func (u *Uploader) transfer(ctx context.Context, hub *url.URL, j *job, p *pass) (status int, err error) {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	idle := time.AfterFunc(u.stall, cut)
	defer idle.Stop()
	body, err := u.body(ctx, j, p, idle)
	if err != nil {
		return 0, err
	}
	defer body.Close() //nolint:errcheck // read only; the client closes it too
	req, err := request(ctx, hub, j, body)
	if err != nil {
		return 0, err
	}
	res, err := u.client.Do(req)
	own, whole := body.ended()
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, replyRead))
		if err = errors.Join(err, res.Body.Close()); err == nil || res.StatusCode/100 == 2 {
			return res.StatusCode, nil
		}
	}
	if own != nil {
		return 0, own
	}
	if whole { // its answer was lost: the next slot may say that it is stored
		j.slot, j.until = camera.Slot{}, time.Time{}
	}
	if ctx.Err() != nil {
		return 0, fmt.Errorf("%w: nothing moved", errNetwork)
	}
	var shown *url.Error
	if errors.As(err, &shown) {
		err = shown.Err
	}
	return 0, fmt.Errorf("%w: %w", errNetwork, err)
}

// body opens the segment's file for one reading.
func (u *Uploader) body(ctx context.Context, j *job, p *pass, idle *time.Timer) (*gate, error) {
	seg := j.Segment
	file, err := u.spool.OpenSegment(seg.SegmentID)
	if err != nil {
		return nil, fmt.Errorf("put segment: %w (%w)", errLater, err)
	}
	began, most := u.now(), putShortest+time.Duration(seg.Size/putSlowest)*time.Second
	ready := func() (piece int, err error) {
		err = u.allow(seg.Camera)
		if err == nil {
			err = u.leaves(seg)
		}
		if err != nil {
			return 0, fmt.Errorf("put segment: %w (%w)", errLater, err)
		}
		idle.Stop()
		piece, err = u.budget.wait(ctx, p)
		idle.Reset(u.stall)
		switch {
		case errors.Is(err, errYield):
			return 0, err
		case err != nil:
			return 0, fmt.Errorf("%w: cut off", errNetwork)
		case u.now().Sub(began)-u.budget.waited(p) > most:
			return 0, fmt.Errorf("%w: too slow", errNetwork)
		}
		return piece, nil
	}
	carried := func(n int, left int64) {
		u.budget.carried(p, n)
		if left <= 0 {
			idle.Reset(u.stall + time.Duration(seg.Size/putSlowest)*time.Second)
		}
	}
	return &gate{file: file, left: seg.Size, ready: ready, carried: carried}, nil
}

// gate is a segment's bytes on their way out: each piece asks the household and
// the budget before it leaves.
type gate struct {
	file    io.ReadCloser
	ready   func() (piece int, err error) // waits; piece 0: any size
	carried func(n int, left int64)

	mu   sync.Mutex // the client reads in a goroutine of its own
	left int64
	err  error // why it ended by itself
}

func (g *gate) Read(b []byte) (int, error) {
	if _, whole := g.ended(); whole {
		return 0, io.EOF // the client looks whether there is more
	}
	piece, err := g.ready()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.err = err
		return 0, err
	}
	if piece > 0 {
		b = b[:min(len(b), piece)]
	}
	b = b[:min(int64(len(b)), g.left)] // a file that has grown is cut, and refused for its hash
	n, err := g.file.Read(b)
	if g.left -= int64(n); n > 0 {
		g.carried(n, g.left)
	}
	if err != nil && (!errors.Is(err, io.EOF) || g.left > 0) {
		g.err = fmt.Errorf("put segment: %w (read file: %w)", errLater, err)
	}
	return n, err
}

func (g *gate) Close() error { return g.file.Close() }

// ended tells why the body ended by itself, if it did, and whether it is out whole.
func (g *gate) ended() (err error, whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err, g.left <= 0
}

// request sets exactly what was signed. Length and host are no ordinary headers
// to net/http; a length other than the announced one can only be refused.
func request(ctx context.Context, hub *url.URL, j *job, body io.Reader) (*http.Request, error) {
	target, err := resolve(hub, j.slot.URL)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, body)
	if err != nil {
		return nil, fmt.Errorf("put segment: slot cannot be used: %w", errLater)
	}
	req.ContentLength = j.Segment.Size
	for k, v := range j.slot.Header {
		switch {
		case !sendable(k, v):
			return nil, fmt.Errorf("put segment: slot with a header that cannot be sent: %w", errLater)
		case strings.EqualFold(k, "Host"):
			req.Host = v
		case strings.EqualFold(k, "Content-Length"):
			if v != strconv.FormatInt(j.Segment.Size, 10) {
				return nil, fmt.Errorf("put segment: slot is for %.20q bytes, not %d: %w", v, j.Segment.Size, errLater)
			}
		default:
			req.Header.Set(k, v)
		}
	}
	return req, nil
}

// sendable tells whether a header is one of plain letters and printable text; what
// a store signs is. Anything else would look like a broken network.
func sendable(name, value string) bool {
	plain := func(r rune) bool { return r == '-' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' }
	printable := func(r rune) bool { return r >= ' ' && r <= '~' }
	return name != "" && len(name)+len(value) <= headerMost &&
		!strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) &&
		!strings.ContainsFunc(value, func(r rune) bool { return !printable(r) })
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
// has refused it; nothing else reads a file a second time. A disk that changed it
// will not change it back.
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

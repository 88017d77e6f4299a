package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/cmd/ingestbench/proc"
	"xulang.vn/camera/cmd/ingestbench/source"
)

// hello is what the source says first.
type hello struct {
	URL   string `json:"url"`
	Sizes []int  `json:"sizes"` // of the loop's pictures on the wire
}

// serveClip is the source as a program. It answers each line of its input with
// what its streams tell, and ends when the input does: with the bench.
func serveClip(ctx context.Context, file string, n int, in io.Reader, out io.Writer) error {
	clip, err := source.Load(file)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bind source: %w", err)
	}
	server := source.New(clip, n, time.Now())
	say := json.NewEncoder(out)
	if err := say.Encode(hello{URL: "rtsp://" + ln.Addr().String(), Sizes: clip.Sizes()}); err != nil {
		return fmt.Errorf("tell address: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, ln) })
	group.Go(func() error {
		defer stop()
		for lines := bufio.NewScanner(in); lines.Scan(); {
			if err := say.Encode(server.Told()); err != nil {
				return fmt.Errorf("tell streams: %w", err)
			}
		}
		return nil
	})
	return group.Wait()
}

// camera is the running source as the bench sees it.
type camera struct {
	hello
	*child
	in  io.WriteCloser
	out *json.Decoder
}

// startCamera runs the source as a process of its own.
func startCamera(ctx context.Context, file, logs string, n int) (*camera, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start source: %w", err)
	}
	c := &camera{}
	cmd := newChild(logs, "source", self, "source", "-clip", file, "-n", strconv.Itoa(n))
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start source: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start source: %w", err)
	}
	c.out = json.NewDecoder(out)
	if c.child, err = cmd.start(ctx); err != nil {
		return nil, err
	}
	if err := c.out.Decode(&c.hello); err != nil {
		return nil, errors.Join(fmt.Errorf("read source: %w", err), c.stop())
	}
	return c, nil
}

// told asks the source what its streams have sent.
func (c *camera) told() ([]source.Told, error) {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		return nil, fmt.Errorf("ask source: %w", err)
	}
	var told []source.Told
	if err := c.out.Decode(&told); err != nil {
		return nil, fmt.Errorf("read source: %w", err)
	}
	return told, nil
}

// stop ends the source by the end of its input.
func (c *camera) stop() error {
	return errors.Join(c.in.Close(), c.child.stop())
}

// tree is the source's own cost.
func (c *camera) tree() proc.Tree { return proc.Tree(c.pid()) }

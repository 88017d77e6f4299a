package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// recordFloor is the least that a recorder can do: what comes from the socket goes
// through SHA-256 into a file, one connection and one file for each stream.
func recordFloor(ctx context.Context, address string, n int, out string) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		group.Go(func() error {
			file, err := os.Create(filepath.Join(out, fmt.Sprintf("%d.rtp", i)))
			if err != nil {
				return fmt.Errorf("record stream %d: %w", i, err)
			}
			err = recordSocket(ctx, fmt.Sprintf("%s/%d", address, i), file)
			if err = errors.Join(err, file.Close()); err != nil {
				return fmt.Errorf("record stream %d: %w", i, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// recordSocket returns nil when ctx ends.
func recordSocket(ctx context.Context, address string, to io.Writer) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("dial source: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	early, err := handshake(conn, address)
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	both := io.MultiWriter(sha256.New(), to)
	if _, err := both.Write(early); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := conn.Read(buf)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the bench is over
		}
		if err != nil {
			return fmt.Errorf("read stream: %w", err)
		}
		if _, err := both.Write(buf[:n]); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
}

// handshake asks for a stream (RFC 2326) and gives back what came behind the last
// answer.
func handshake(conn net.Conn, address string) ([]byte, error) {
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	for i, ask := range []string{
		"DESCRIBE " + address + " RTSP/1.0\r\nAccept: application/sdp",
		"SETUP " + address + "/track0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1",
		"PLAY " + address + " RTSP/1.0\r\nSession: 1",
	} {
		if _, err := fmt.Fprintf(conn, "%s\r\nCSeq: %d\r\n\r\n", ask, i+1); err != nil {
			return nil, err
		}
		if err := answer(in); err != nil {
			return nil, err
		}
	}
	early := make([]byte, in.Buffered())
	if _, err := io.ReadFull(in, early); err != nil {
		return nil, err
	}
	return early, conn.SetDeadline(time.Time{})
}

// answer reads one answer and wants it to be good.
func answer(in *bufio.Reader) error {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimSpace(line)
		if first && !strings.HasPrefix(line, "RTSP/1.0 200") {
			return fmt.Errorf("source says %q", line)
		}
		if after, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if length, err = strconv.Atoi(after); err != nil {
				return fmt.Errorf("read answer: %w", err)
			}
		}
		if line == "" {
			_, err := io.CopyN(io.Discard, in, int64(length))
			return err
		}
	}
}

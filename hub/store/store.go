// Package store keeps the bytes of segments in an S3 object store. Agents and
// browsers hold no bucket keys: they get one-use links that are bound to one key,
// and for a PUT also to the announced size and SHA-256.
//
// The store may be reached in two ways. By default it listens on loopback and its
// traffic passes through the hub's port ([Store.Proxy], links are paths under
// /o/). With a public address links point there and bytes bypass the hub.
//
// Beside the footage the hub has a bucket of its own ([Shelf]) and one of evidence
// that nobody can delete from ([Vault]). README.md says what a server must do for
// all that, and conform in the tests asks it.
package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	camera "xulang.vn/camera"
)

// Times within which a link may be used.
const (
	LinkLongest = 60 * time.Second // of a GET; longer wishes are cut to this
	SlotLongest = time.Hour        // of a PUT
)

// Prefix is where the hub serves [Store.Proxy].
const Prefix = "/o/"

// contentType is signed into every slot, so that an agent cannot store a page
// which a browser would run.
const contentType = "video/mp4"

// Config says where the object store is.
type Config struct {
	Endpoint  string // host:port of the S3 API
	AccessKey string
	SecretKey string
	Bucket    string
	Secure    bool         // https to Endpoint
	Region    string       // "" = us-east-1, MinIO's default
	Public    string       // address of the S3 API for agents and browsers, "https://host[:port]"; "" = paths under /o/ on the hub
	Log       *slog.Logger // nil = no log

	// Limited puts AccessKey and SecretKey to two uses only: to make buckets, and to
	// mint keys for hours ([session]) that hold [Buckets.Policy] and do all else. The
	// server must have AssumeRole.
	Limited  bool
	Index    string // the bucket of [Store.Shelf], for the policy
	Evidence string // the bucket of [Store.Vault], for the policy
}

// Store is safe for concurrent use.
type Store struct {
	bucket   string
	endpoint *url.URL
	owner    *minio.Client // makes buckets
	api      *minio.Client // speaks to Endpoint
	signer   *minio.Client // signs for the address that users see; does no I/O but for keys
	public   bool
	log      *slog.Logger
	patience time.Duration // how long the object store may make one wait
	sessions []*session    // of api and signer, when limited; links carry the token of theirs
}

// Open prepares a store; it does not connect.
func Open(cfg Config) (*Store, error) {
	if cfg.Bucket == "" || strings.Contains(cfg.Bucket, "/") {
		return nil, fmt.Errorf("open store: bucket %q", cfg.Bucket)
	}
	if cfg.AccessKey == "" || cfg.SecretKey == "" {
		return nil, fmt.Errorf("open store: access key or secret key missing")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	long := credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, "")
	owner, err := dial(cfg, cfg.Endpoint, cfg.Secure, long, transport())
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		bucket: cfg.Bucket, endpoint: owner.EndpointURL(), owner: owner, api: owner, signer: owner,
		log: cfg.Log, patience: readLongest,
	}
	links := long
	if cfg.Limited {
		if links, err = s.limit(cfg); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	address, secure := cfg.Endpoint, cfg.Secure
	if cfg.Public != "" {
		u, err := url.Parse(cfg.Public)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("open store: public address %q, want https://host[:port]", cfg.Public)
		}
		address, secure, s.public = u.Host, u.Scheme == "https", true
	}
	if s.signer, err = dial(cfg, address, secure, links, transport()); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// limit has the hub's own requests, and its links, signed with minted keys.
func (s *Store) limit(cfg Config) (links *credentials.Credentials, err error) {
	may := Buckets{Footage: cfg.Bucket, Index: cfg.Index, Evidence: cfg.Evidence}
	own, signs := newSession(cfg, s.endpoint.String(), may.Policy()), newSession(cfg, s.endpoint.String(), may.links())
	s.sessions = []*session{own, signs}
	s.api, err = dial(cfg, cfg.Endpoint, cfg.Secure, credentials.New(own), doubtful{transport(), s.sessions})
	return credentials.New(signs), err
}

// dial makes a client. With a region given it never asks the server for one, so
// signing works without the server.
func dial(cfg Config, endpoint string, secure bool, keys *credentials.Credentials, via http.RoundTripper) (*minio.Client, error) {
	return minio.New(endpoint, &minio.Options{
		Creds:        keys,
		Secure:       secure,
		Region:       cfg.Region,
		BucketLookup: minio.BucketLookupPath,
		Transport:    via,
		MaxRetries:   2, // callers wait for an answer; they come back by themselves
	})
}

// Ensure creates the bucket when it is not there.
func (s *Store) Ensure(ctx context.Context) error {
	return s.ensure(ctx, s.bucket, minio.MakeBucketOptions{})
}

func (s *Store) ensure(ctx context.Context, bucket string, opts minio.MakeBucketOptions) error {
	ok, err := s.api.BucketExists(ctx, bucket)
	if err != nil {
		return unavailable("ensure bucket", err)
	}
	if ok {
		return nil
	}
	err = s.owner.MakeBucket(ctx, bucket, opts)
	if err == nil || minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
		return nil // another hub may have been quicker
	}
	return unavailable("make bucket", err)
}

// Ping tells whether the object store answers and has the bucket.
func (s *Store) Ping(ctx context.Context) error {
	ok, err := s.api.BucketExists(ctx, s.bucket)
	if err != nil {
		return unavailable("ping store", err)
	}
	if !ok {
		return camera.Errorf(camera.CodeUnavailable, "the object store has no bucket %s", s.bucket)
	}
	return nil
}

// Has looks for an object itself, whatever an agent says. The hash is the one
// that the object store computed and compared when the bytes came in.
func (s *Store) Has(ctx context.Context, key camera.Key) (size int64, sum camera.Hash, ok bool, err error) {
	o, err := s.api.StatObject(ctx, s.bucket, key.String(), minio.StatObjectOptions{Checksum: true})
	if err != nil {
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return 0, sum, false, nil
		}
		return 0, sum, false, unavailable("look for object", err)
	}
	raw, err := base64.StdEncoding.DecodeString(o.ChecksumSHA256)
	if err != nil || len(raw) != len(sum) {
		// Only what came in through a slot can be compared with its announcement.
		return 0, sum, false, fmt.Errorf("look for object %s: it has no SHA-256 checksum", key)
	}
	return o.Size, camera.Hash(raw), true, nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
)

// The ranges of one fetch are merged as a run of zagg does over networks.
const (
	networkGap = 64 << 10
	maxRequest = 8 << 20
)

const (
	bucket = "bench"
	key    = "granule.h5"
	access = "bench"
	secret = "benchbench"
)

// A slow is an S3 server behind a line with latency, which counts.
type slow struct{ *awstest.S3 }

// serve starts the S3 server with the granule in a bucket.
func serve(ctx context.Context, o options, work string) (*slow, error) {
	root := filepath.Join(work, "s3")
	if err := os.MkdirAll(filepath.Join(root, bucket), 0o755); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(o.granule)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(root, bucket, key), data, 0o644); err != nil {
		return nil, err
	}
	server, err := awstest.StartS3(ctx, awstest.S3Options{Exe: o.Server, Root: root, AccessKey: access, SecretKey: secret, Latency: o.latency})
	if err != nil {
		return nil, err
	}
	return &slow{server}, nil
}

// measure adds to a read what the server was asked for.
func (s *slow) measure(read func() (sample, error)) (sample, error) {
	before := s.Usage()
	got, err := read()
	after := s.Usage()
	got.requests, got.down = after.Requests-before.Requests, after.Down-before.Down
	return got, err
}

func overS3(ctx context.Context, o options) error {
	work, err := os.MkdirTemp("", "h5bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	server, err := serve(ctx, o, work)
	if err != nil {
		return err
	}
	defer server.Close()
	store, err := s3store.New(ctx, s3store.Options{Endpoint: server.URL(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	if err != nil {
		return err
	}
	source := objstore.Coalesce(objstore.RetryReader(store, objstore.Policy{}), networkGap, maxRequest)
	snapshot, lengths, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	// The first round connects and is not counted.
	var plain, indexed, coro []sample
	peers, err := peersOverS3(ctx, o, server)
	if err != nil {
		return err
	}
	if peers != nil {
		defer peers.Stop()
	}
	for i := range min(o.Repeat, 7) + 1 {
		for _, c := range []struct {
			into *[]sample
			once func() (sample, error)
		}{
			{&plain, func() (sample, error) { return shard(ctx, source, o.rows, nil) }},
			{&indexed, func() (sample, error) { return shard(ctx, source, o.rows, snapshot) }},
			{&coro, func() (sample, error) {
				return peers.ask("h5coro-s3", bucket+"/"+key, append([]int{o.rows}, lengths...)...)
			}},
		} {
			if c.into == &coro && peers == nil {
				continue
			}
			s, err := server.measure(c.once)
			if err != nil {
				return err
			}
			if plain != nil && s.sum != plain[0].sum {
				return fmt.Errorf("readers differ over S3")
			}
			if i > 0 || c.into == &plain && plain == nil {
				*c.into = append(*c.into, s)
			}
		}
	}
	fmt.Printf("\n%d rows in the middle of each of the %d datasets, over S3 with %v of latency\n\n", o.rows, len(paths()), o.latency)
	fmt.Printf("| reader | wall ms median | CPU ms median | requests | MB | round trips |\n|---|--:|--:|--:|--:|--:|\n")
	lineS3("core/h5", plain[1:])
	lineS3(fmt.Sprintf("core/h5 with a snapshot of %d bytes", len(snapshot)), indexed)
	lineS3("h5coro", coro)
	return nil
}

func lineS3(name string, s []sample) {
	if len(s) == 0 {
		return
	}
	trips := ""
	if s[0].trips > 0 {
		trips = fmt.Sprint(s[0].trips)
	}
	fmt.Printf("| %s | %.0f | %.0f | %d | %.2f | %s |\n", name, 1e3*median(s, wall), 1e3*median(s, func(s sample) float64 { return s.cpu }),
		s[0].requests, float64(s[0].down)/1e6, trips)
}

func peersOverS3(ctx context.Context, o options, server *slow) (*reader, error) {
	if o.Python == "" {
		return nil, nil
	}
	return startReader(ctx, o.Python, map[string]string{"AWS_ENDPOINT_URL_S3": server.URL(), "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret,
		"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1"})
}

// prepare makes the snapshot of the datasets, and tells how long they are.
func prepare(ctx context.Context, o options) (snapshot []byte, lengths []int, err error) {
	f, err := h5.Open(ctx, &objstore.File{}, o.granule, h5.Options{})
	if err != nil {
		return nil, nil, err
	}
	sets, err := f.Datasets(ctx, paths()...)
	if err != nil {
		return nil, nil, err
	}
	for i, d := range sets {
		if d == nil || d.Rows() < int64(o.rows) {
			return nil, nil, fmt.Errorf("%s has not %d rows of %s", o.granule, o.rows, paths()[i])
		}
		lengths = append(lengths, int(d.Rows()))
	}
	snapshot, err = f.Snapshot(ctx, sets...)
	return snapshot, lengths, err
}

// shard reads the rows in the middle of each dataset, as a job does for its shard.
func shard(ctx context.Context, source core.ObjectReader, rows int, snapshot []byte) (sample, error) {
	var f *h5.File
	s, err := timed(2, func() ([][]byte, error) {
		const at = "s3://" + bucket + "/" + key
		var sets []*h5.Dataset
		var err error
		if snapshot != nil {
			f, sets, err = h5.OpenSnapshot(source, at, snapshot, h5.Options{})
		} else if f, err = h5.Open(ctx, source, at, h5.Options{}); err == nil {
			sets, err = f.Datasets(ctx, paths()...)
		}
		if err != nil {
			return nil, err
		}
		return new(results).read(ctx, f, sets, 2, func(d *h5.Dataset) []h5.Span {
			return []h5.Span{{Start: (d.Rows() - int64(rows)) / 2, Count: int64(rows)}}
		})
	})
	if err == nil {
		s.trips = f.Stats().Calls
	}
	return s, err
}

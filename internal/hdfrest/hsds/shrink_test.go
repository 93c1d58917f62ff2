package hsds_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// An interruptedSource has something happen before or after one of its reads of chunks.
type interruptedSource struct {
	hsds.Source
	left  int // reads until it happens
	after bool
	event func()
}

func (s *interruptedSource) Get(ctx context.Context, u, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	hit := false
	if strings.Contains(u, "/d/") && !strings.HasSuffix(u, ".json") {
		s.left--
		hit = s.left == 0
	}
	if hit && !s.after {
		s.event()
	}
	data, info, err := objstore.Get(ctx, s.Source, u, known, limit)
	if hit && s.after {
		s.event()
	}
	return data, info, err
}

// A shrinking is when a dataset of nine values in three chunks becomes smaller: before or after the read of a chunk.
type shrinking struct {
	old, after bool
	read, size int
}

// A reader of a dataset that becomes smaller meanwhile gets the values of before or those of after, whatever of it is removed when, and
// however old what is left of it is.
func TestShrinkWhileReading(t *testing.T) {
	tried := 0
	for _, old := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for _, size := range []int{0, 2, 3, 8} {
				for read := 1; read <= 4; read++ {
					if (shrinking{old, after, read, size}).happens(t) {
						tried++
					}
				}
			}
		}
	}
	require.Greater(t, tried, 40)
}

func (s shrinking) happens(t *testing.T) (happened bool) {
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
	f := newRefusing(t, hdfrest.Limits{})
	r := f.ask("admin", "POST", "/datasets", nil, map[string]any{"type": "H5T_STD_I16LE", "shape": []int{9}, "maxdims": []int{0},
		"creationProperties": map[string]any{"fillValue": -1, "layout": map[string]any{"class": "H5D_CHUNKED", "dims": []int{3}}}})
	require.Equal(t, http.StatusCreated, r.Status, string(r.Body))
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(r.Body, &made))
	set := "/datasets/" + made.ID
	require.Equal(t, http.StatusOK, f.ask("admin", "PUT", set+"/value", nil, map[string]any{"value": all}).Status)
	if s.old {
		hour := time.Now().Add(-time.Hour)
		require.NoError(t, filepath.WalkDir(f.dir, func(p string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = os.Chtimes(p, hour, hour)
			}
			return err
		}))
	}
	folder, err := hsds.OpenFolder(f.dir)
	require.NoError(t, err)
	source := &interruptedSource{Source: folder, left: s.read, after: s.after, event: func() {
		happened = true
		r := f.ask("admin", "PUT", set+"/shape", nil, map[string]any{"shape": []int{s.size}})
		require.Equal(t, http.StatusCreated, r.Status, string(r.Body))
	}}
	reading := *f
	reading.server = hdfrest.New(hdfrest.Config{Store: hsds.New(hsds.Options{Bucket: hsds.One(bucketName, source, ""), Concurrency: 1}), Bucket: bucketName,
		User: "admin", Password: "x", Admins: []string{"admin"}})
	got := reading.ask("admin", "GET", set+"/value", nil, nil)
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	var value struct{ Value []int }
	require.NoError(t, json.Unmarshal(got.Body, &value))
	require.Contains(t, [][]int{all, all[:s.size]}, value.Value, "%+v", s)
	return happened
}

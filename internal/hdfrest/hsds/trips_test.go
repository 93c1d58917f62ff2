package hsds_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// A tripSource lets requests through in steps of a known number, all of a step at once: whoever asks for them one after another
// waits for ever.
type tripSource struct {
	hsds.Source
	mu    sync.Mutex
	steps []int
	came  int
	open  chan struct{}
}

func (s *tripSource) expect(steps ...int) { s.steps, s.came, s.open = steps, 0, make(chan struct{}) }

func (s *tripSource) Get(ctx context.Context, u, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	s.mu.Lock()
	if len(s.steps) == 0 {
		s.mu.Unlock()
		return nil, core.ObjectInfo{}, core.Errorf(core.Internal, "test", u, "one step too many")
	}
	open := s.open
	if s.came++; s.came == s.steps[0] {
		close(open)
		s.steps, s.came, s.open = s.steps[1:], 0, make(chan struct{})
	}
	s.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
		return nil, core.ObjectInfo{}, ctx.Err()
	}
	return objstore.Get(ctx, s.Source, u, known, limit)
}

// atlas writes a set like a wind atlas in schema 1: hours of seven years by a grid of 1,602 by 2,976 points, 4 bytes each, of
// which only a few chunks are there.
func atlas(t *testing.T) (dir, dataset string) {
	dir = t.TempDir()
	put := func(key, text string) {
		path := filepath.Join(dir, key)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	const root, id = "g-2428ae0e-a082-11e6-9d93-0242ac110005", "d-d29fda32-85f3-11e7-bf89-0242ac110008"
	put("nrel/.domain.json", `{"owner":"admin","acls":{"default":{"read":true}},"created":1.0,"lastModified":1.0}`)
	put("nrel/wtk.h5/.domain.json", `{"owner":"admin","acls":{"default":{"create":false,"read":true,"update":false}},"root":"`+root+`","created":1.0,"lastModified":1.0}`)
	put("a860f-"+root, `{"id":"`+root+`","root":"`+root+`","created":1.0,"lastModified":1.0,"attributes":{},"links":{"windspeed_100m":{"class":"H5L_TYPE_HARD","id":"`+id+`","created":1.0}}}`)
	put("f2086-"+id, `{"id":"`+id+`","root":"`+root+`","created":1.0,"lastModified":1.0,"attributes":{"scale":{"type":{"class":"H5T_FLOAT","base":"H5T_IEEE_F64LE"},"shape":{"class":"H5S_SCALAR"},"value":NaN}},"type":{"class":"H5T_FLOAT","base":"H5T_IEEE_F32LE"},"shape":{"class":"H5S_SIMPLE","dims":[61368,1602,2976],"maxdims":[61368,1602,2976]},"layout":{"class":"H5D_CHUNKED","dims":[2688,17,16]},"creationProperties":{"fillValue":-9.0}}`)
	chunk := make([]byte, 2688*17*16*4)
	for i := range 2688 {
		binary.LittleEndian.PutUint32(chunk[4*((i*17+3)*16+5):], 0x3fc00000) // 1.5 at (i, 3, 5)
	}
	const key = "d29fda32-85f3-11e7-bf89-0242ac110008_1_2_3"
	put(hsds.HashedKey("c-"+key), string(chunk))
	return dir, id
}

// A time series of one point of a set of more than 100 GB takes three steps: the domain, the dataset, all chunks at once.
func TestTimeSeriesRoundTrips(t *testing.T) {
	dir, id := atlas(t)
	folder, err := hsds.OpenFolder(dir)
	require.NoError(t, err)
	source := &tripSource{Source: folder}
	s := hdfrest.New(hdfrest.Config{Store: hsds.New(hsds.Options{Bucket: hsds.One(bucketName, source, "")}), Bucket: bucketName, User: "u", Password: "p"})
	read := func() *hdfrest.Response {
		source.expect(1, 1, 23)
		q := url.Values{"domain": {"/nrel/wtk.h5"}, "select": {fmt.Sprintf("[:,%d,%d]", 2*17+3, 3*16+5)}}
		return s.Serve(t.Context(), &hdfrest.Request{Method: "GET", Path: "/datasets/" + id + "/value", Query: q, Header: http.Header{"Accept": {"application/octet-stream"}}})
	}
	for _, state := range []string{"cold", "warm"} {
		r := read()
		require.Equal(t, 200, r.Status, "%s: %s %s", state, r.Body, r.Header.Get("X-Hdf-Error"))
		require.Len(t, r.Body, 4*61368)
		require.Empty(t, source.steps, state)
		for i := range 61368 {
			want := uint32(0xc1100000) // -9
			if i/2688 == 1 {
				want = 0x3fc00000
			}
			require.Equal(t, want, binary.LittleEndian.Uint32(r.Body[4*i:]), "hour %d", i)
		}
	}
	require.True(t, strings.HasPrefix(hsds.HashedKey("d-d29fda32-85f3-11e7-bf89-0242ac110008"), "f2086-"))
	c := s.Serve(t.Context(), &hdfrest.Request{Method: "PUT", Path: "/", Query: url.Values{"domain": {"/nrel/wtk.h5"}}, Header: http.Header{}})
	require.Equal(t, 401, c.Status)
}

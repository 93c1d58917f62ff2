//go:build suites

package zip

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/zippatch"
)

// serve starts versitygw and gives an object in it.
func serve(t *testing.T, latency time.Duration) (*awstest.S3, *zippatch.Object) {
	exe := os.Getenv("ZAGG_VERSITYGW")
	if exe == "" {
		t.Skip("ZAGG_VERSITYGW is not set: the server versitygw is needed")
	}
	server, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: exe, Buckets: []string{"zips", "other"}, Latency: latency})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() }) //nolint:errcheck // the test is over
	for k, v := range server.Environ() {
		t.Setenv(k, v)
	}
	return server, &zippatch.Object{Client: client(t), Bucket: "zips", Key: "a b+ü/app.zip"}
}

func client(t *testing.T) *s3.Client {
	cfg, err := awsconfig.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	return zippatch.NewClient(cfg)
}

// made is an archive with n files of random bytes.
func made(t *testing.T, n, size int) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range n {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("file-%d", i), Method: zip.Deflate})
		require.NoError(t, err)
		_, err = io.CopyN(w, rand.Reader, int64(size))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func put(t *testing.T, o *zippatch.Object, data []byte) {
	_, err := o.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &o.Bucket, Key: &o.Key, Body: bytes.NewReader(data), ContentType: aws.String("application/zip"), Metadata: map[string]string{"who": "me"}})
	require.NoError(t, err)
}

func get(t *testing.T, o *zippatch.Object) []byte {
	body, err := o.Read(context.Background())
	require.NoError(t, err)
	data, err := io.ReadAll(body)
	require.NoError(t, err)
	return data
}

// text is a file of an archive; the whole archive is read to see that it is sound.
func text(t *testing.T, data []byte, name string) string {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	found := ""
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		all, err := io.ReadAll(r)
		require.NoError(t, err)
		if f.Name == name {
			found = string(all)
		}
	}
	return found
}

func set(name, content string) zippatch.Edit {
	return zippatch.Edit{Name: name, Content: zippatch.Bytes([]byte(content))}
}

// Patches of one archive at the same time are all in it, and each says what it did.
func TestSixteenPatchesAtOnce(t *testing.T) {
	for _, c := range []struct {
		patches int
		data    []byte
	}{{16, made(t, 3, 1000)}, {4, made(t, 4, 3<<20)}} { // by one request, and in parts
		t.Run(fmt.Sprint(c.patches), func(t *testing.T) {
			_, o := serve(t, 0)
			put(t, o, c.data)
			var patches sync.WaitGroup
			errs := make([]error, c.patches)
			for i := range errs {
				patches.Go(func() {
					var n zippatch.Counts
					n, errs[i] = o.Patch(t.Context(), []zippatch.Edit{set(fmt.Sprint("new-", i), "x"), set("file-1", fmt.Sprint(i))})
					if errs[i] == nil && n != (zippatch.Counts{Added: 1, Modified: 1}) {
						errs[i] = fmt.Errorf("%+v", n)
					}
				})
			}
			patches.Wait()
			for _, err := range errs {
				require.NoError(t, err)
			}
			after := get(t, o)
			for i := range errs {
				require.Equal(t, "x", text(t, after, fmt.Sprint("new-", i)))
			}
		})
	}
}

// Most of a large archive never leaves S3 again, and headers of the object stay.
func TestLargeArchive(t *testing.T) {
	server, o := serve(t, 0)
	data := made(t, 20, 4<<20)
	put(t, o, data)
	before := server.Usage()
	n, err := o.Patch(t.Context(), []zippatch.Edit{set("file-9", "in the middle"), set("new", "at the end"), {Name: "file-3"}})
	require.NoError(t, err)
	require.Equal(t, zippatch.Counts{Added: 1, Modified: 1, Deleted: 1}, n)
	after := server.Usage()
	require.Less(t, after.Up-before.Up, int64(20<<20))
	got := get(t, o)
	require.Equal(t, "in the middle", text(t, got, "file-9"))
	require.Equal(t, "at the end", text(t, got, "new"))
	require.Equal(t, text(t, data, "file-19"), text(t, got, "file-19"))
	head, err := o.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &o.Key})
	require.NoError(t, err)
	require.Equal(t, "application/zip", aws.ToString(head.ContentType))
	require.Equal(t, "me", head.Metadata["who"])
}

// Whatever request a patch is stopped at, the archive is the old or the new one, and nothing stays of an upload.
func TestStoppedAnywhere(t *testing.T) {
	server, o := serve(t, 0)
	for _, data := range [][]byte{made(t, 2, 1000), made(t, 4, 3<<20)} {
		for at := int64(1); ; at++ {
			put(t, o, data)
			ctx, stop := context.WithCancel(t.Context())
			var seen atomic.Int64
			server.SetFault(func(r *http.Request) awstest.S3Fault {
				if seen.Add(1) == at {
					stop()
				}
				return awstest.S3Fault{}
			})
			_, err := o.Patch(ctx, []zippatch.Edit{set("file-1", "new"), set("new", "new")})
			server.SetFault(nil)
			stop()
			got := get(t, o)
			if !bytes.Equal(got, data) {
				require.Equal(t, "new", text(t, got, "new"))
			}
			if err == nil {
				break
			}
			left, err := o.Client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &o.Bucket})
			require.NoError(t, err)
			require.Empty(t, left.Uploads)
		}
	}
}

// An answer that is lost is not taken for a failure, nor the patch for another's.
func TestLostAnswers(t *testing.T) {
	server, o := serve(t, 0)
	for _, data := range [][]byte{made(t, 2, 1000), made(t, 4, 3<<20)} {
		put(t, o, data)
		var lost atomic.Int64
		server.SetFault(func(r *http.Request) awstest.S3Fault {
			write := r.Method == http.MethodPut && r.URL.RawQuery == "x-id=PutObject" || r.Method == http.MethodPost && strings.Contains(r.URL.RawQuery, "uploadId")
			return awstest.S3Fault{Forget: write && lost.Add(1) == 1}
		})
		n, err := o.Patch(t.Context(), []zippatch.Edit{set("file-1", "once"), set("new", "x")})
		server.SetFault(nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, min(1, lost.Load()))
		require.Equal(t, zippatch.Counts{Added: 1, Modified: 1}, n)
		require.Equal(t, "once", text(t, get(t, o), "file-1"))
	}
}

// What cannot be patched stays as it is, and nothing comes into being.
func TestUntouched(t *testing.T) {
	_, o := serve(t, 0)
	_, err := o.Patch(t.Context(), []zippatch.Edit{set("x", "y")})
	require.Equal(t, core.NotFound, core.CodeOf(err), err)
	nowhere := *o
	nowhere.Bucket = "nowhere"
	_, err = nowhere.Patch(t.Context(), []zippatch.Edit{set("x", "y")})
	require.Equal(t, core.NotFound, core.CodeOf(err), err)
	list, err := o.Client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &o.Bucket})
	require.NoError(t, err)
	require.Empty(t, list.Contents)
	good := made(t, 2, 1000)
	bad := bytes.Clone(good)
	bad[200] ^= 1
	for _, data := range [][]byte{[]byte("no zip"), good[:len(good)-7], bad} {
		put(t, o, data)
		_, err := o.Patch(t.Context(), []zippatch.Edit{set("x", "y")})
		require.Equal(t, core.Corrupt, core.CodeOf(err), err)
		require.Equal(t, data, get(t, o))
	}
}

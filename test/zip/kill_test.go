//go:build suites

package zip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/zippatch"
)

// patchedHere is the environment variable with the address of an archive that this program then patches: a process that
// can be killed.
const patchedHere = "ZAGG_TEST_PATCH"

func TestMain(m *testing.M) {
	if address := os.Getenv(patchedHere); address != "" {
		if err := patchOf(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func patchOf(address string) error {
	ctx := context.Background()
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	o := &zippatch.Object{Client: zippatch.NewClient(cfg)}
	if o.Bucket, o.Key, err = zippatch.Address(address); err != nil {
		return err
	}
	_, err = o.Patch(ctx, []zippatch.Edit{set("file-1", "edited"), set("new", "added")})
	return err
}

// moment is when a process is killed: before the server has its request, in the middle of the request's body, or after the
// server has done it.
type moment string

const (
	before moment = "before"
	within moment = "within"
	after  moment = "after"
)

// A process that patches an archive is killed at each of its requests in turn: the archive is the old or the new one,
// nothing but an unfinished upload stays, and the next patch goes through.
func TestKilledAnywhere(t *testing.T) {
	server, o := serve(t, 0)
	kills, left := 0, 0
	for _, data := range [][]byte{made(t, 2, 1000), made(t, 4, 3<<20)} { // by one request, and in parts
		for _, when := range []moment{before, within, after} {
			for at := 1; ; at++ {
				put(t, o, data)
				if !killed(t, server, o, when, at) {
					require.Equal(t, "edited", text(t, get(t, o), "file-1"))
					break
				}
				kills++
				left += isWhole(t, o, data)
			}
		}
	}
	t.Logf("%d kills, %d unfinished uploads", kills, left)
	require.Greater(t, kills, 20)
	require.Positive(t, left)
}

// killed starts a patch, kills it at a request and reports whether it came that far.
func killed(t *testing.T, server *awstest.S3, o *zippatch.Object, when moment, at int) bool {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), patchedHere+"="+o.URL())
	var said bytes.Buffer
	cmd.Stderr = &said
	started := make(chan struct{})
	kill := func() {
		<-started
		cmd.Process.Kill() //nolint:errcheck // it was killed by an earlier request
	}
	var mu sync.Mutex
	seen := 0
	server.SetFault(func(r *http.Request) awstest.S3Fault {
		mu.Lock()
		defer mu.Unlock()
		if when != within || seen == at || r.ContentLength > 1 { // those without a body have no middle
			seen++
		}
		switch {
		case seen < at:
		case seen == at && when == after:
			return awstest.S3Fault{Forget: true}
		case seen == at && when == within:
			r.Body = &cut{ReadCloser: r.Body, left: r.ContentLength / 2, then: kill}
		default:
			kill()
			return awstest.S3Fault{Reset: true}
		}
		return awstest.S3Fault{}
	})
	require.NoError(t, cmd.Start())
	close(started)
	err = cmd.Wait()
	server.SetFault(nil)
	if cmd.ProcessState.Success() {
		return false
	}
	require.ErrorContains(t, err, "killed", said.String())
	return true
}

// cut is a body whose sender is killed in the middle of it.
type cut struct {
	io.ReadCloser
	left int64
	then func()
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.then()
		return 0, errors.New("the sender was killed")
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// isWhole looks at what a killed patch left: the old archive or the new one. Unfinished uploads are ended; it says how many
// there were.
func isWhole(t *testing.T, o *zippatch.Object, old []byte) int {
	if got := get(t, o); !bytes.Equal(got, old) {
		require.Equal(t, "edited", text(t, got, "file-1"))
		require.Equal(t, "added", text(t, got, "new"))
	}
	_, err := o.Patch(t.Context(), []zippatch.Edit{set("file-1", "again"), set("new", strings.Repeat("again", 3))})
	require.NoError(t, err)
	require.Equal(t, "again", text(t, get(t, o), "file-1"))
	list, err := o.Client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &o.Bucket})
	require.NoError(t, err)
	for _, u := range list.Uploads {
		require.Equal(t, o.Key, *u.Key)
		_, err := o.Client.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &o.Bucket, Key: u.Key, UploadId: u.UploadId})
		require.NoError(t, err)
	}
	require.Equal(t, []string{o.Key}, keys(t, &zippatch.Object{Client: o.Client, Bucket: o.Bucket}))
	return len(list.Uploads)
}

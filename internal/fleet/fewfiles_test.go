//go:build unix

package fleet

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/store"
)

// Where the process that may open few files finds the account: its address, and the folder of results.
const (
	fewURL    = "ZAGG_FLEET_URL"
	fewFolder = "ZAGG_FLEET_FOLDER"
)

// manyShards are those of the cycle in docs/performance.md, of which 638 failed with 256 files; a first look takes fewer.
func manyShards() int {
	if sharedtest.Sweep() {
		return 1742
	}
	return 500
}

// A process that may open 256 files and no more gives many more shards to a function at once, and none of them fails: answers are waited for by
// as many as there is room for. The function is as the template deploys it.
func TestFewFiles(t *testing.T) {
	sharedtest.NotShort(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	a := newAccount(t, emulator.Options{Concurrency: 2000, Scale: 2000}, fine)
	a.store = &objstore.File{}
	a.deploy(t, emulator.Function{Timeout: 12 * time.Minute, Memory: 2048, Arch: "arm64", Async: &emulator.AsyncConfig{MaxAge: MaxAge}}, fine)
	cmd := exec.CommandContext(t.Context(), shell, "-c", `ulimit -n 256 && exec "$0" -test.run '^TestGiveManyShards$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), fewURL+"="+a.URL(), fewFolder+"="+t.TempDir())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: TestGiveManyShards", string(out))
	require.EqualValues(t, 2*manyShards(), a.Stats().Invocations, "each shard once, by either way")
}

// TestGiveManyShards is what TestFewFiles has another process do.
func TestGiveManyShards(t *testing.T) {
	folder := os.Getenv(fewFolder)
	if folder == "" {
		t.Skip("TestFewFiles runs it")
	}
	a := &account{store: &objstore.File{}, config: aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(os.Getenv(fewURL)), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}, nil
	})}}
	require.Equal(t, 256, openFiles())
	client := lambda.NewFromConfig(a.config, func(o *lambda.Options) { // keeps connections, as that of a run
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = Connections(), 2048, 2048
		})
	})
	for _, async := range []bool{false, true} {
		f := a.fleet(t, func(o *Options) {
			o.Async, o.Runs, o.Client = async, store.RunFolder(fmt.Sprintf("%s/run-%t", folder, async)), client
		})
		f.setPace(rate.NewLimiter(rate.Inf, 1)) // the emulator starts any number of workers at once
		var all sync.WaitGroup
		for i := range manyShards() {
			all.Go(func() {
				done, err := f.Run(t.Context(), aJob(fmt.Sprintf("-%d", i+1), 1))
				if err != nil || done.Status != job.OK {
					t.Errorf("shard %d: %v %v", i, done, err)
				}
			})
		}
		all.Wait()
		require.Zero(t, f.Retries())
	}
}

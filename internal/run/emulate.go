package run

// Lambda on this machine, for trying a run on functions without AWS.

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/fleet"
)

// The function that is emulated, as deploy/template.yaml has it.
const (
	emulatedMB      = 2048
	emulatedTimeout = 12 * time.Minute
	emulatedArch    = "arm64" // whose prices are told; it runs as this machine does
)

// emulate starts Lambda on this machine with the function in it: this program, which sees in its environment that it
// is one, or a bundle. The function returned ends it.
func (b *cloud) emulate() (*lambdaClients, func(), error) {
	bootstrap := b.o.Bundle
	if bootstrap == "" {
		var err error
		if bootstrap, err = os.Executable(); err != nil {
			return nil, nil, core.Errorf(core.Internal, "emulate", "", "%w", err)
		}
	}
	l, err := emulator.New(emulator.Options{Region: "us-west-2", Concurrency: 1000 + 2*b.wanted})
	if err != nil {
		return nil, nil, err
	}
	failures, err := os.MkdirTemp("", "zagg-failures-")
	if err != nil {
		l.Close() //nolint:errcheck // it has done nothing
		return nil, nil, core.Errorf(core.Internal, "emulate", "", "%w", err)
	}
	b.emulated = failures
	end := func() {
		l.Close()              //nolint:errcheck // it only ends processes
		os.RemoveAll(failures) //nolint:errcheck // it is temporary
	}
	// The function may read local files, and gets the keys of this environment, but not who it is itself run by.
	env := map[string]string{"ZAGG_LOCAL_FILES": "1"}
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "AWS_LAMBDA_") {
			env[name] = value
		}
	}
	if err := l.Deploy(emulator.Function{
		Name: b.o.Function, Bootstrap: bootstrap, Memory: cmp.Or(b.o.MemoryMB, emulatedMB), Timeout: cmp.Or(b.o.Timeout, emulatedTimeout), Arch: emulatedArch, Env: env,
		Async: &emulator.AsyncConfig{MaxAge: fleet.MaxAge, OnFailure: emulator.Destination{Bucket: "zagg-failures", Store: &objstore.File{}, URL: failures}},
	}); err != nil {
		end()
		return nil, nil, err
	}
	cfg := aws.Config{Region: l.Region(), BaseEndpoint: aws.String(l.URL()), Credentials: credentials.NewStaticCredentialsProvider("AKIDEMULATED", "emulated", "")}
	return newLambdaClients(cfg), end, nil
}

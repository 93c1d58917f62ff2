// Package boot has what the mains of all functions share: the flag -manifest, the memory limit, and the log.
//
// Its tests are in test/lambda, test/hdf and test/zip, which run the built functions.
package boot

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/printed"
)

// Main serves a function's events; it does not return. With the flag -manifest the program called name says what it can
// do (host.Manifest) and ends. Plugins are those that the function links; it may have none.
func Main(name string, plugins []core.Plugin, open func() (lambda.Handler, error)) {
	manifest := flag.Bool("manifest", false, "print what this function can do, as JSON, and exit")
	flag.Parse()
	if *manifest {
		exit(name, PrintManifest(os.Stdout, plugins))
	}
	limitMemory(os.Getenv)
	h, err := open()
	if err != nil {
		exit(name, err)
	}
	lambda.Start(named{h})
}

// named answers errors by the kind of failure where Lambda's library would send the name of a Go type: callers go by it.
type named struct{ lambda.Handler }

func (n named) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	out, err := n.Handler.Invoke(ctx, event)
	if _, ok := errors.AsType[messages.InvokeResponse_Error](err); ok {
		return nil, err // the function names its failures itself
	}
	if err != nil {
		return nil, messages.InvokeResponse_Error{Type: job.ErrorType(core.CodeOf(err)), Message: err.Error()}
	}
	return out, nil
}

func exit(name string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// PrintManifest writes what a program with these plugins can do, as JSON.
func PrintManifest(w io.Writer, plugins []core.Plugin) error {
	h, err := host.New(plugins...)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(h.Manifest())
}

// limitMemory makes the garbage collector work harder before the function's memory is full. A fifth is left for what it
// does not count, such as the program itself, stacks and what the system keeps for sockets and files. GOMEMLIMIT wins.
func limitMemory(env func(string) string) {
	mb, err := strconv.ParseInt(env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err == nil && mb > 0 && env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(mb << 20 / 5 * 4)
	}
}

// NewLog writes one JSON object a line, its kind as event_type, as printed.Messages has it.
func NewLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(printed.Messages(w), &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.MessageKey {
			a.Key = "event_type"
		}
		return a
	}}))
}

package worker

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
)

// Main serves the function's events with these plugins; it does not return. With the flag -manifest the program says
// what it can do (host.Manifest) and ends.
func Main(plugins ...core.Plugin) {
	manifest := flag.Bool("manifest", false, "print what this worker can do, as JSON, and exit")
	flag.Parse()
	if *manifest {
		exit(printManifest(os.Stdout, plugins))
	}
	limitMemory(os.Getenv)
	w, err := New(os.Getenv, os.Stdout, plugins...)
	if err != nil {
		exit(err)
	}
	lambda.Start(w)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "zagg-worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func printManifest(w io.Writer, plugins []core.Plugin) error {
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

// newLog writes one JSON object a line, its kind as event_type.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.MessageKey {
			a.Key = "event_type"
		}
		return a
	}}))
}

var _ lambda.Handler = (*Worker)(nil)

// Invoke answers one event; it is called by package lambda.
func (w *Worker) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	r, err := w.Handle(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

package worker

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/lambda/boot"
)

// Main serves the function's events with these plugins; it does not return. With the flag -manifest the program says
// what it can do (host.Manifest) and ends.
func Main(plugins ...core.Plugin) {
	boot.Main("zagg-worker", plugins, func() (lambda.Handler, error) { return New(os.Getenv, os.Stdout, plugins...) })
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

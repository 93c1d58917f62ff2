package emulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// An inProcess is a sandbox that calls a Go function.
type inProcess struct {
	f    *function
	warm bool
}

func (*inProcess) close() {}

func (s *inProcess) run(call Call, timeout, kill time.Duration) outcome {
	out := outcome{cold: !s.warm}
	s.warm = true
	start := time.Now()
	ctx, cancel := context.WithTimeout(s.f.lambda.ctx, timeout)
	defer cancel()
	type result struct {
		payload []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: fmt.Errorf("panic: %v", p)}
			}
		}()
		payload, err := s.f.Handler(ctx, call.Payload)
		done <- result{payload, err}
	}()
	var killer <-chan time.Time
	if kill > 0 {
		killer = time.After(kill)
	}
	select {
	case r := <-done:
		switch {
		case r.err != nil:
			kind, text := "Function.Error", r.err.Error()
			if e, ok := errors.AsType[messages.InvokeResponse_Error](r.err); ok {
				kind, text = e.Type, e.Message
			}
			out.fails("error", kind, "%s", text)
		case len(r.payload) > maxRequest:
			out.fails("error", tooLarge, "Response payload size exceeded maximum allowed payload size (%d bytes).", maxRequest)
		default:
			out.payload = r.payload
		}
	case <-killer:
		out.fails("error", exitError, "RequestId: %s Error: Runtime exited with error: signal: killed", call.RequestID)
		out.gone, out.killed = true, true
	case <-ctx.Done():
		out.fails("timeout", timedOut, "RequestId: %s Error: Task timed out after %.2f seconds", call.RequestID, timeout.Seconds())
		out.gone = true
	}
	out.duration = time.Since(start)
	return out
}
